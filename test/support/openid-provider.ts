// A real OpenID provider on a free port of this machine, and a browser that signs in at it as a person would: form by form.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface TestProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the provider says about an account from now on. */
  readonly describe: (account: string, claims: Readonly<Record<string, unknown>>) => void;
  /** Follows `url` to the provider, signs in as `account`, agrees, and gives the address that the provider sends the browser back to. */
  readonly signIn: (url: string, account: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const ttlS = 600;

export async function startProvider(redirectUri: string): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claimsByAccount = new Map<string, Readonly<Record<string, unknown>>>();
  const [clientId, clientSecret] = ['postern', 'a secret of the provider'];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'locale'] },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...claimsByAccount.get(sub) }) }),
    cookies: { keys: ['test'] },
    ttl: { AccessToken: ttlS, Grant: ttlS, IdToken: ttlS, Interaction: ttlS, Session: ttlS },
    pkce: { required: () => true },
  });
  server.on('request', (request, response) => void provider.callback()(request, response));
  return {
    issuer,
    clientId,
    clientSecret,
    describe: (account, claims) => void claimsByAccount.set(account, claims),
    signIn: (url, account) => signInAt(issuer, url, account),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const stepsMax = 12;

async function signInAt(issuer: string, start: string, account: string): Promise<string> {
  const cookies = new Map<string, string>();
  const fetchOnce = async (url: string, form?: Readonly<Record<string, string>>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  let url = start;
  for (let step = 0; step < stepsMax; step++) {
    if (!url.startsWith(issuer)) return url;
    let response = await fetchOnce(url);
    if (response.status === 200) {
      const prompt = /name="prompt" value="(\w+)"/.exec(await response.text())?.[1] ?? '';
      response = await fetchOnce(url, { prompt, login: account, password: 'any' });
    }
    const location = response.headers.get('Location');
    if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url).href;
  }
  throw new Error('the provider never came to an end');
}

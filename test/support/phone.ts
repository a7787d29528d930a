// A phone that claims tickets as the page does: one key for every link, requests signed over the cloud's last nonce, codes of its own.
import {
  base64UrlToBytes,
  bytesToHex,
  encodeDynamicPass,
  encodeRequestToken,
  holderTokenAudience,
  keyPairFromSeed,
  nonceHeader,
  signClaim,
  type ClaimLinkMade,
  type Holding,
  type KeyPair,
} from '@postern/shared';
import { postJson, type CloudAccess } from './cloud.ts';

export interface TestPhone {
  readonly keys: KeyPair;
  /** Claims by the link; `more` goes into the request. */
  readonly claim: (link: string, more?: object) => Promise<Response>;
  /** Signed, as the holder of `holding`; asks again with a fresh nonce where only that is missing. */
  readonly ask: (holding: Pick<Holding, 'holder'>, method?: string, path?: string) => Promise<Response>;
  /** What it shows at a time. */
  readonly code: (holding: Pick<Holding, 'holderPass'>, atMs: number) => string;
}

let phones = 0;

export function createPhone(cloud: CloudAccess): TestPhone {
  const keys = keyPairFromSeed(new Uint8Array(32).fill(100 + (++phones % 150)));
  let nonce = 'none';
  const askOnce = async (holder: string, method: string, path: string): Promise<Response> => {
    const token = encodeRequestToken(
      { audience: holderTokenAudience, issuer: holder, nonce, method, path, body: new Uint8Array(0), nowMs: 0 },
      keys,
    );
    const answer = await cloud.request(path, { method, headers: { Authorization: `Bearer ${token}` } });
    nonce = answer.headers.get(nonceHeader) ?? nonce;
    return answer;
  };
  return {
    keys,
    claim: (link, more = {}) => {
      const secret = secretOf(link);
      return postJson(cloud, '/api/my/claims', {
        secret,
        holderKey: bytesToHex(keys.publicKey),
        proof: bytesToHex(signClaim(secret, keys)),
        ...more,
      });
    },
    ask: async ({ holder }, method = 'GET', path = '') => {
      const about = [holder, method, `/api/my/${holder}${path}`] as const;
      const first = await askOnce(...about);
      return first.status === 401 && (await first.clone().json()).type === 'nonce-needed' ? askOnce(...about) : first;
    },
    code: ({ holderPass = '' }, atMs) =>
      encodeDynamicPass(base64UrlToBytes(holderPass) ?? new Uint8Array(0), keys, atMs / 1_000),
  };
}

export const secretOf = (link: string): string => link.split('#claim=')[1] ?? '';

export const makeLink = (cloud: CloudAccess, ticket: string, options: object = {}): Promise<ClaimLinkMade> =>
  cloud.json<ClaimLinkMade>('POST', `/api/tickets/${ticket}/claim-links`, options);

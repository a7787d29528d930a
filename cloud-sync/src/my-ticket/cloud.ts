// Asking the cloud. A claim proves the phone's key by a signature in its body, and a wallet names it by its own; everything else carries a
// compact JWS by that key over the cloud's nonce, the method, the path and the body's hash (shared/src/request-token.ts reads it).
import {
  bytesToBase64Url,
  bytesToHex,
  utf8,
  type ClaimResponse,
  type Holding,
  type TransferOffer,
  type WalletBindingRequest,
  type WalletBound,
  type WalletChallenge,
} from '@postern/shared';
import type { HolderKey } from './holder-key.ts';

/** What the cloud said, or why not: the type of its problem, or `unreachable`. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly type: string };

export interface MyCloud {
  readonly claim: (secret: string, key: HolderKey, move: boolean) => Promise<Answer<ClaimResponse>>;
  /** What the wallet has to sign so that this phone may show the ticket of the token. */
  readonly walletChallenge: (
    event: number,
    about: Pick<WalletBindingRequest, 'token' | 'holderKey'>,
  ) => Promise<Answer<WalletChallenge>>;
  readonly bindWallet: (event: number, signed: WalletBindingRequest) => Promise<Answer<WalletBound>>;
  readonly read: (holder: string, key: HolderKey) => Promise<Answer<Holding>>;
  readonly offer: (holder: string, key: HolderKey) => Promise<Answer<TransferOffer>>;
  readonly takeBack: (holder: string, key: HolderKey) => Promise<Answer<undefined>>;
  /** An address that adds the ticket to the wallet, good for some minutes. */
  readonly walletLink: (
    holder: string,
    key: HolderKey,
    wallet: keyof Holding['wallets'],
  ) => Promise<Answer<{ readonly link: string }>>;
}

export interface MyCloudDeps {
  /** Of the service, with a slash at the end. */
  readonly base: URL;
  readonly nowMs: () => number;
}

const nonceHeader = 'Postern-Nonce';
/** Nobody waits longer in a queue; what is shown does not depend on it. */
const timeoutMs = 15_000;

export function createMyCloud({ base, nowMs }: MyCloudDeps): MyCloud {
  let nonce = 'none';

  const send = async (method: string, path: string, init: RequestInit): Promise<Response | undefined> => {
    try {
      const response = await fetch(new URL(`.${path}`, base), {
        ...init,
        method,
        cache: 'no-store',
        credentials: 'omit',
        signal: AbortSignal.timeout(timeoutMs),
      });
      nonce = response.headers.get(nonceHeader) ?? nonce;
      return response;
    } catch {
      // No network, or none that leads there.
      return undefined;
    }
  };
  const read = async <T>(
    response: Response | undefined,
    take: (response: Response) => Promise<T>,
  ): Promise<Answer<T>> => {
    if (response === undefined) return { ok: false, type: 'unreachable' };
    try {
      if (response.ok) return { ok: true, value: await take(response) };
      const { type } = (await response.json()) as { readonly type?: unknown };
      return { ok: false, type: typeof type === 'string' ? type : 'unreachable' };
    } catch {
      // Something in between has answered in the cloud's place: a portal of the venue's network, mostly.
      return { ok: false, type: 'unreachable' };
    }
  };
  const json = async <T>(response: Response): Promise<T> => (await response.json()) as T;

  const post = async <T>(path: string, body: object): Promise<Answer<T>> => {
    const init = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    return read(await send('POST', path, init), json<T>);
  };

  const askOnce = async (method: string, path: string, holder: string, key: HolderKey): Promise<Response | undefined> =>
    send(method, path, { headers: { Authorization: `Bearer ${await token(method, path, holder, key)}` } });

  const token = async (method: string, path: string, holder: string, key: HolderKey): Promise<string> => {
    const issuedAtS = Math.floor(nowMs() / 1_000);
    const claims = {
      iss: holder,
      aud: 'postern-my-ticket',
      nonce,
      htm: method,
      htu: path,
      rh: bytesToBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(0)))),
      iat: issuedAtS,
      exp: issuedAtS + 60,
    };
    const signed = [{ alg: 'EdDSA', typ: 'JWT' }, claims]
      .map((part) => bytesToBase64Url(utf8(JSON.stringify(part))))
      .join('.');
    return `${signed}.${bytesToBase64Url(await key.sign(utf8(signed)))}`;
  };

  /** Once more where only the nonce was missing or old. */
  const ask = async <T>(
    about: readonly [method: string, path: string, holder: string, key: HolderKey],
    take: (response: Response) => Promise<T>,
  ): Promise<Answer<T>> => {
    const first = await read(await askOnce(...about), take);
    return !first.ok && first.type === 'nonce-needed' ? read(await askOnce(...about), take) : first;
  };

  return {
    claim: async (secret, key, move) => {
      const proof = await key.sign(utf8(`postern-claim-v1\0${secret}`));
      const holderKey = bytesToHex(key.publicKey);
      return post('/api/my/claims', { secret, holderKey, proof: bytesToHex(proof), move });
    },
    walletChallenge: (event, about) => post(`/api/events/${event}/wallet-challenges`, about),
    bindWallet: (event, signed) => post(`/api/events/${event}/wallet-bindings`, signed),
    read: (holder, key) => ask(['GET', `/api/my/${holder}`, holder, key], json<Holding>),
    offer: (holder, key) => ask(['POST', `/api/my/${holder}/transfer`, holder, key], json<TransferOffer>),
    takeBack: (holder, key) => ask(['DELETE', `/api/my/${holder}/transfer`, holder, key], async () => undefined),
    walletLink: (holder, key, wallet) =>
      ask(['GET', `/api/my/${holder}/wallet-passes/${wallet}`, holder, key], json<{ readonly link: string }>),
  };
}

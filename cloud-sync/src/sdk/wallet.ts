// Postern's SDK for pages of people who hold tickets as tokens: asks their wallet (EIP-1193) to sign, and makes of it what a gate reads, or lets a
// phone show the ticket. One file, no dependencies. The formats are those of shared/src/wallet-code.ts and wallet-binding.ts.
//
//   import { showTicket, letPhoneShow } from 'https://tickets.example/sdk/wallet.js';
//   const token = { event: 1, chainId: 1, contract: '0x…', token: '42' };
//   const { text, untilMs } = await showTicket(window.ethereum, account, token, Date.now());   // a QR code in alphanumeric mode, ECC M
//   const { payload } = await letPhoneShow(window.ethereum, account, token, { url: 'https://tickets.example', holderKey });

/** What browsers' wallets offer (EIP-1193). */
export interface WalletProvider {
  readonly request: (call: { readonly method: string; readonly params: readonly unknown[] }) => Promise<unknown>;
}

export interface TokenOfTicket {
  readonly event: number;
  readonly chainId: number;
  /** `0x` and 40 hexadecimal digits. */
  readonly contract: string;
  /** Decimal. */
  readonly token: string;
}

export interface ShownTicket {
  readonly text: string;
  /** From then on no gate takes it, Unix ms. */
  readonly untilMs: number;
}

const stepS = 15;
/** People take so long to say yes; gates take a code from one step before its own. */
const answerMs = 10_000;
const typedForm = 1;

/** Asks the wallet once; the code is good for 25 to 40 s from now, so ask at the door. Rejects where the person says no. */
export async function showTicket(
  provider: WalletProvider,
  account: string,
  { event, chainId, contract, token }: TokenOfTicket,
  nowMs: number,
): Promise<ShownTicket> {
  const time = Math.floor((nowMs + answerMs) / 1_000 / stepS) * stepS;
  const typedData = {
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
        { name: 'chainId', type: 'uint256' },
        { name: 'verifyingContract', type: 'address' },
      ],
      TicketCode: [
        { name: 'event', type: 'uint32' },
        { name: 'token', type: 'uint256' },
        { name: 'time', type: 'uint64' },
      ],
    },
    primaryType: 'TicketCode',
    domain: { name: 'Postern', version: '1', chainId, verifyingContract: contract },
    message: { event, token, time },
  };
  const signature = normalise(toBytes(await sign(provider, account, typedData)));
  const facts = [typedForm, event, chainId, toBytes(contract), toBytes(BigInt(token).toString(16)), time, signature];
  return { text: `PW1:${base45(cborArray(facts))}`, untilMs: (time + 2 * stepS) * 1_000 };
}

/** What the phone with this Ed25519 key (64 hexadecimal digits) needs from then on: `payload.holderPass` to show the ticket, `holder` to ask how it stands. */
export async function letPhoneShow(
  provider: WalletProvider,
  account: string,
  { event, token }: Pick<TokenOfTicket, 'event' | 'token'>,
  { url, holderKey }: { readonly url: string; readonly holderKey: string },
): Promise<{
  readonly ticket: string;
  readonly holder: string;
  readonly payload: { readonly holderPass: string; readonly stepS: number };
}> {
  const asked = { token, holderKey };
  const path = `${url}/api/events/${event}`;
  const challenge = (await post(`${path}/wallet-challenges`, asked)) as {
    readonly nonce: string;
    readonly deadline: number;
    readonly typedData: unknown;
  };
  const { nonce, deadline, typedData } = challenge;
  const signature = await sign(provider, account, typedData);
  return (await post(`${path}/wallet-bindings`, { ...asked, nonce, deadline, signature })) as Awaited<
    ReturnType<typeof letPhoneShow>
  >;
}

/** As text: some wallets take nothing else. */
const sign = async (provider: WalletProvider, account: string, typedData: unknown): Promise<string> =>
  String(await provider.request({ method: 'eth_signTypedData_v4', params: [account, JSON.stringify(typedData)] }));

async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as { readonly type?: string; readonly title?: string };
  if (!response.ok) throw new Error(`${answer.type ?? response.status}: ${answer.title ?? ''}`);
  return answer;
}

function toBytes(hexadecimal: string): Uint8Array {
  const digits = hexadecimal.replace(/^0x/, '');
  const even = digits.padStart(digits.length + (digits.length % 2), '0');
  return Uint8Array.from({ length: even.length / 2 }, (_, index) => parseInt(even.slice(2 * index, 2 * index + 2), 16));
}

/** r, s and v; some wallets count v from 0. */
function normalise(signature: Uint8Array): Uint8Array {
  if (signature.length !== 65) throw new Error('This wallet is a contract: let a phone show the ticket instead.');
  const v = signature[64] ?? 0;
  return Uint8Array.of(...signature.subarray(0, 64), v <= 1 ? v + 27 : v);
}

/** Deterministic CBOR (RFC 8949 4.2) of whole numbers and bytes. */
const cborArray = (items: readonly (number | Uint8Array)[]): Uint8Array =>
  Uint8Array.of(
    ...cborHead(4, items.length),
    ...items.flatMap((item) => (typeof item === 'number' ? cborHead(0, item) : [...cborHead(2, item.length), ...item])),
  );

function cborHead(major: number, value: number): readonly number[] {
  if (value < 24) return [(major << 5) | value];
  const sizes = [1, 2, 4, 8];
  const index = sizes.findIndex((size) => value < 256 ** size);
  const size = sizes[index] ?? 8;
  return [
    (major << 5) | (24 + index),
    ...Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** (size - 1 - at)) % 256),
  ];
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** RFC 9285. */
function base45(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 2) {
    const isPair = index + 1 < bytes.length;
    let rest = isPair ? (bytes[index] ?? 0) * 256 + (bytes[index + 1] ?? 0) : (bytes[index] ?? 0);
    for (let digit = 0; digit < (isPair ? 3 : 2); digit++, rest = Math.floor(rest / 45)) text += alphabet[rest % 45];
  }
  return text;
}

// What a wallet shows at a gate: `PW1:` and the Base45 text of one CBOR array, `[form, event, chain id, contract, token id, time step,
// signature]`. The wallet has signed the same facts, as a text that it shows (EIP-191, form 0) or as typed data (EIP-712, form 1). About 120
// bytes, QR version 8 or 9. Nothing in it is believed: who has signed is recovered, and whether that is the token's owner is the method's question.
import { base45Decode, base45Encode } from './base45.ts';
import { cborDecode, cborEncode } from './cbor.ts';
import { hashTypedData, type TypedData } from './eip712.ts';
import {
  addressToBytes,
  bytesToAddress,
  bytesToUint,
  checksumAddress,
  personalMessageHash,
  recoverAddress,
  uintToBytes,
  walletSignatureBytes,
  type Address,
} from './ethereum.ts';
import { err, ok, type Result } from './result.ts';
import { stepS } from './time-step.ts';

export const walletCodePrefix = 'PW1:';
/** With the largest numbers it has 152; more is not ours. */
export const walletCodeBytesMax = 160;
const walletCodeCharsMax = walletCodePrefix.length + Math.ceil(walletCodeBytesMax / 2) * 3;
const secondsMax = 253_402_300_799;
const eventMax = 4_294_967_295;

/** By their number in a code. */
const forms = ['text', 'typed'] as const;

/** What a wallet signs. */
export interface WalletSaying {
  readonly event: number;
  readonly chainId: number;
  readonly contract: Address;
  readonly tokenId: bigint;
  /** First second of a time step (`stepStartS`). */
  readonly issuedAtS: number;
}

export interface WalletCode extends WalletSaying {
  readonly form: (typeof forms)[number];
  /** 65 bytes, v 27 or 28 (`toWalletSignature`). */
  readonly signature: Uint8Array;
}

export type WalletCodeError =
  | { readonly type: 'not-a-ticket' }
  | { readonly type: 'malformed'; readonly cause: string };

/** For `personal_sign`: every character counts. */
export const walletCodeText = ({ event, chainId, contract, tokenId, issuedAtS }: WalletSaying): string =>
  [
    'Show my ticket at the gate.',
    '',
    `Event: ${event}`,
    `Chain: ${chainId}`,
    `Contract: ${checksumAddress(contract)}`,
    `Token: ${tokenId}`,
    `Time: ${new Date(issuedAtS * 1_000).toISOString().replace('.000Z', 'Z')}`,
    '',
    'Whoever shows the code that is made from this goes in with the ticket. It moves no token and costs nothing.',
  ].join('\n');

/** Of everything that wallets sign for us: a signature for one contract of one chain is none for another. */
export const walletDomain = ({
  chainId,
  contract,
}: Pick<WalletSaying, 'chainId' | 'contract'>): TypedData['domain'] => ({
  name: 'Postern',
  version: '1',
  chainId,
  verifyingContract: contract,
});
export const walletDomainType = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const;

/** For `eth_signTypedData_v4`. */
export const walletCodeTypedData = (saying: WalletSaying): TypedData => ({
  types: {
    EIP712Domain: walletDomainType,
    TicketCode: [
      { name: 'event', type: 'uint32' },
      { name: 'token', type: 'uint256' },
      { name: 'time', type: 'uint64' },
    ],
  },
  primaryType: 'TicketCode',
  domain: walletDomain(saying),
  message: { event: saying.event, token: saying.tokenId.toString(), time: saying.issuedAtS },
});

/** The 32 bytes that a wallet signs. */
export const walletCodeDigest = (saying: WalletSaying, form: WalletCode['form']): Uint8Array =>
  form === 'text' ? personalMessageHash(walletCodeText(saying)) : hashTypedData(walletCodeTypedData(saying));

/** Values must be in range: that is the duty of whoever makes one. */
export function encodeWalletCode({
  form,
  event,
  chainId,
  contract,
  tokenId,
  issuedAtS,
  signature,
}: WalletCode): string {
  const facts = [event, chainId, addressToBytes(contract), uintToBytes(tokenId), issuedAtS, signature];
  return walletCodePrefix + base45Encode(cborEncode([forms.indexOf(form), ...facts]));
}

/** Reads it, exactly: prefix, size, Base45, deterministic CBOR, every value in its range. Never throws. */
export function decodeWalletCode(text: string): Result<WalletCode, WalletCodeError> {
  if (!text.startsWith(walletCodePrefix)) return err({ type: 'not-a-ticket' });
  if (text.length > walletCodeCharsMax)
    return malformed(`${text.length} characters, at most ${walletCodeCharsMax} are allowed`);
  const bytes = base45Decode(text.slice(walletCodePrefix.length));
  if (!bytes.ok) return bytes;
  const decoded = cborDecode(bytes.value, walletCodeBytesMax, 2);
  if (!decoded.ok) return decoded;
  if (!Array.isArray(decoded.value) || decoded.value.length !== 7) return malformed('not an array of seven');
  const [formNumber, event, chainId, contractBytes, token, issuedAtS, signature] = decoded.value as readonly unknown[];
  const form = isCount(formNumber, forms.length - 1) ? forms[formNumber] : undefined;
  const contract = contractBytes instanceof Uint8Array ? bytesToAddress(contractBytes) : undefined;
  const tokenId = token instanceof Uint8Array ? bytesToUint(token) : undefined;
  if (form === undefined || contract === undefined || tokenId === undefined)
    return malformed('no form, contract or token');
  if (!isCount(event, eventMax) || !isCount(chainId, Number.MAX_SAFE_INTEGER) || chainId === 0)
    return malformed('no event or chain');
  if (!isCount(issuedAtS, secondsMax) || issuedAtS % stepS !== 0) return malformed('no time step');
  if (!(signature instanceof Uint8Array) || signature.length !== walletSignatureBytes)
    return malformed('no signature of 65 bytes');
  return ok({ form, event, chainId, contract, tokenId, issuedAtS, signature });
}

/** Who has signed it, whoever that is; undefined where nobody has. */
export const walletCodeSigner = (code: WalletCode): Address | undefined =>
  recoverAddress(walletCodeDigest(code, code.form), code.signature);

const malformed = (cause: string): Result<never, WalletCodeError> => err({ type: 'malformed', cause });
const isCount = (value: unknown, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;

// Wallets that are contracts say on the chain whether a signature is theirs (ERC-1271).
import {
  bytesToHex,
  concatBytes,
  err,
  hexToBytes,
  ok,
  toWord,
  uintToBytes,
  type Address,
  type Result,
} from '@postern/shared';
import type { Chain } from './chain.ts';
import type { ChainError } from './rpc.ts';

/** `isValidSignature(bytes32,bytes)`: its selector, and what it answers for a good one. */
const magic = '1626ba7e';

export interface SignatureQuestion {
  readonly chainId: number;
  readonly wallet: Address;
  /** 32 bytes. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whether the wallet at that address accepts the signature; false where there is no contract. */
export type ContractCheck = (
  question: SignatureQuestion,
  signal: AbortSignal,
) => Promise<Result<boolean, { readonly type: 'chain-unavailable'; readonly detail: string }>>;

/** Of wallets on this chain; on another one nobody can be asked. */
export const createContractCheck =
  (chain: Pick<Chain, 'chainId' | 'connect'>): ContractCheck =>
  async ({ chainId, wallet, digest, signature }, signal) => {
    if (chainId !== chain.chainId) return ok(false);
    const connected = await chain.connect(signal);
    if (!connected.ok) return unavailable(connected.error);
    const answer = await connected.value.call({ to: wallet, data: encodeQuestion(digest, signature) });
    if (answer.ok) return ok(answer.value === `0x${magic}${'0'.repeat(56)}`);
    // Many say no by reverting.
    return answer.error.type === 'contract-refuses' ? ok(false) : unavailable(answer.error);
  };

const unavailable = ({ detail }: ChainError): Awaited<ReturnType<ContractCheck>> =>
  err({ type: 'chain-unavailable', detail });

/** ABI: the digest, where the bytes begin, how many there are, and they themselves in whole words. */
function encodeQuestion(digest: Uint8Array, signature: Uint8Array): `0x${string}` {
  const padding = new Uint8Array((32 - (signature.length % 32)) % 32);
  const head = [digest, toWord(Uint8Array.of(64)), toWord(uintToBytes(BigInt(signature.length)))];
  return `0x${bytesToHex(concatBytes(hexToBytes(magic) ?? new Uint8Array(0), ...head, signature, padding))}`;
}

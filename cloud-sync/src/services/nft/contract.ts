// The contract as the cloud calls it, and its transactions signed: the only file that uses viem, and so the one to load where there are
// tokens at all. A test compares the interface with the compiled contract.
import { readFileSync } from 'node:fs';
import { encodeDeployData, encodeFunctionData, keccak256, parseAbi } from 'viem/utils';
import { privateKeyToAccount } from 'viem/accounts';
import { z } from 'zod';
import { hexSchema, type Hex } from './hex.ts';

export const contractAbi = parseAbi([
  'constructor(string name_, string symbol_, address admin)',
  'function mintBatch(address[] to, uint256[] tokenIds, bytes32[] ticketReferences)',
  'function consumeBatch(uint256[] tokenIds)',
  'function freeze(uint32 event_, uint64 from)',
  'function frozenFrom(uint32 event_) view returns (uint64)',
  'function supportsInterface(bytes4 interfaceId) view returns (bool)',
]);

export interface Mint {
  readonly wallet: string;
  readonly token: string;
  readonly reference: string;
}

export const encodeMints = (mints: readonly Mint[]): Hex =>
  encodeFunctionData({
    abi: contractAbi,
    functionName: 'mintBatch',
    args: [
      mints.map(({ wallet }) => wallet as Hex),
      mints.map(({ token }) => BigInt(token)),
      mints.map(({ reference }) => reference as Hex),
    ],
  });

export const encodeConsumptions = (tokens: readonly string[]): Hex =>
  encodeFunctionData({ abi: contractAbi, functionName: 'consumeBatch', args: [tokens.map(BigInt)] });

/** `fromS` 0: never. */
export const encodeFreeze = (event: number, fromS: number): Hex =>
  encodeFunctionData({ abi: contractAbi, functionName: 'freeze', args: [event, BigInt(fromS)] });

export const encodeFrozenFrom = (event: number): Hex =>
  encodeFunctionData({ abi: contractAbi, functionName: 'frozenFrom', args: [event] });

export const encodeSupportsInterface = (id: Hex): Hex =>
  encodeFunctionData({ abi: contractAbi, functionName: 'supportsInterface', args: [id] });

const artefactFile = new URL('../../../contracts/PosternTicket.json', import.meta.url);

/** What makes the contract; `admin` gets every role. */
export function encodeDeployment(name: string, symbol: string, admin: Hex): Hex {
  const { bytecode } = z.object({ bytecode: hexSchema }).parse(JSON.parse(readFileSync(artefactFile, 'utf8')));
  return encodeDeployData({ abi: contractAbi, bytecode, args: [name, symbol, admin] });
}

export interface Unsigned {
  readonly chainId: number;
  readonly nonce: number;
  /** Absent for one that makes a contract. */
  readonly to?: Hex;
  readonly data: Hex;
  readonly gas: number;
  /** Wei for a unit of gas (EIP-1559). */
  readonly maxFee: bigint;
  readonly priorityFee: bigint;
}

export interface Signed {
  readonly hash: Hex;
  readonly raw: Hex;
}

export interface Signer {
  readonly address: Hex;
  readonly sign: (transaction: Unsigned) => Promise<Signed>;
}

/** `secretKey`: 64 hexadecimal digits. */
export function createSigner(secretKey: string): Signer {
  const account = privateKeyToAccount(`0x${secretKey}`);
  return {
    address: account.address.toLowerCase() as Hex,
    sign: async ({ chainId, nonce, to, data, gas, maxFee, priorityFee }) => {
      const raw = await account.signTransaction({
        type: 'eip1559',
        chainId,
        nonce,
        ...(to === undefined ? {} : { to }),
        data,
        gas: BigInt(gas),
        maxFeePerGas: maxFee,
        maxPriorityFeePerGas: priorityFee,
      });
      return { raw, hash: keccak256(raw) };
    },
  };
}

// The chain that the settings name, by whichever of its nodes answers and is what it should be: right chain, right contract. A piece of work
// connects once and asks one node throughout, so that what it reads fits together; one that failed is asked last for a while.
import { err, ok, type Clock, type Result } from '@postern/shared';
import { z } from 'zod';
import { chainKey, type ChainPlace } from './chain-place.ts';
import { encodeSupportsInterface } from './contract.ts';
import { bigQuantitySchema, hexSchema, quantitySchema, toQuantity, wordSchema, type Hex } from './hex.ts';
import { eventTopics, logSchema, readTokenEvents, type TokenEvent } from './logs.ts';
import type { ChainError, Rpc } from './rpc.ts';

/** A node that has failed is asked after the others for so long. */
const passedOverMs = 120_000;
const logsMax = 100_000;

export interface Block {
  readonly number: number;
  readonly hash: Hex;
  /** Its own time. */
  readonly atMs: number;
  /** Wei; what every transaction in it has paid for a unit of gas. */
  readonly baseFee: bigint;
}

export interface Receipt {
  readonly block: number;
  readonly blockHash: Hex;
  readonly succeeded: boolean;
  /** Of one that made a contract. */
  readonly contract: Hex | undefined;
}

type Answer<T> = Promise<Result<T, ChainError>>;

/** One node that was found to be right. */
export interface Connection {
  /** The node's. */
  readonly id: number;
  readonly name: string;
  readonly head: () => Answer<number>;
  /** Undefined for one that the node does not have. */
  readonly block: (number: number | 'latest') => Answer<Block | undefined>;
  /** The contract's events of these blocks, the last included. */
  readonly events: (from: number, to: number) => Answer<readonly TokenEvent[]>;
  /** Undefined while it is in no block. */
  readonly receipt: (transaction: Hex) => Answer<Receipt | undefined>;
  /** Transactions of the account, at a block or with those that wait. */
  readonly transactionCount: (account: Hex, at: number | 'pending') => Answer<number>;
  readonly balance: (account: Hex) => Answer<bigint>;
  /** Wei that miners want beside the base fee. */
  readonly priorityFee: () => Answer<bigint>;
  /** `contract-refuses` where it would fail. */
  readonly estimateGas: (call: Call) => Answer<number>;
  readonly call: (call: Call) => Answer<Hex>;
  /** What the node has already is sent. */
  readonly send: (raw: Hex) => Answer<void>;
  readonly fail: (error: ChainError) => ChainError;
}

export interface Call {
  readonly from?: Hex;
  readonly to?: Hex;
  readonly data: Hex;
}

export interface Chain extends ChainPlace {
  readonly key: string;
  /** The error is the first node's, with what the others say. */
  readonly connect: (signal: AbortSignal) => Answer<Connection>;
  /** Another node that is right, to be asked the same; undefined where the settings name one only, or no other answers. */
  readonly findWitness: (first: Connection, signal: AbortSignal) => Promise<Connection | undefined>;
}

export interface ChainDeps extends ChainPlace {
  /** In order of preference. */
  readonly rpcs: readonly Rpc[];
  readonly clock: Clock;
}

export function createChain({ rpcs, clock, chainId, contract }: ChainDeps): Chain {
  /** When a node has failed, monotonic ms. */
  const failedAtMs = new Map<Rpc, number>();
  const isPassedOver = (rpc: Rpc): boolean =>
    clock.monotonicMs() - (failedAtMs.get(rpc) ?? Number.NEGATIVE_INFINITY) < passedOverMs;

  const connectTo = async (rpc: Rpc, signal: AbortSignal): Answer<Connection> => {
    const connection = createConnection(rpc, contract, signal, () => failedAtMs.set(rpc, clock.monotonicMs()));
    const checked = await check(rpc, connection, { chainId, contract }, signal);
    return checked.ok ? ok(connection) : err(connection.fail(checked.error));
  };
  const inOrder = (): readonly Rpc[] => [...rpcs.filter((rpc) => !isPassedOver(rpc)), ...rpcs.filter(isPassedOver)];

  return {
    chainId,
    contract,
    key: chainKey({ chainId, contract }),
    connect: async (signal) => {
      const errors: ChainError[] = [];
      for (const rpc of inOrder()) {
        const connected = await connectTo(rpc, signal);
        if (connected.ok || connected.error.type === 'stopped') return connected;
        errors.push(connected.error);
      }
      // That it is another chain, or no such contract, is what a person has to mend.
      const first = errors.find(({ type }) => type === 'chain-wrong' || type === 'contract-wrong') ?? errors[0];
      const others = errors.filter((error) => error !== first).map(({ detail }) => detail);
      return err({
        type: first?.type ?? 'rpc-unreachable',
        detail: [first?.detail ?? 'No node.', ...others].join(' '),
      });
    },
    findWitness: async (first, signal) => {
      for (const rpc of inOrder().filter(({ id }) => id !== first.id)) {
        const connected = await connectTo(rpc, signal);
        if (connected.ok) return connected.value;
      }
      return undefined;
    },
  };
}

/** A node of the chain, whatever contract there is: for making one. */
export async function connectToChain(rpc: Rpc, chainId: number, signal: AbortSignal): Answer<Connection> {
  const checked = await checkChain(rpc, chainId, signal);
  return checked.ok ? ok(createConnection(rpc, '0x', signal, () => undefined)) : checked;
}

async function checkChain(rpc: Rpc, chainId: number, signal: AbortSignal): Answer<void> {
  const found = await rpc.call('eth_chainId', [], quantitySchema, signal);
  if (!found.ok) return found;
  if (found.value === chainId) return ok(undefined);
  return err({
    type: 'chain-wrong',
    detail: `${rpc.name} is a node of chain ${found.value}; the settings say chain ${chainId}.`,
  });
}

/** ERC-721, and tokens that can be locked (ERC-5192). */
const interfaceIds: readonly Hex[] = ['0x80ac58cd', '0xb45a3c0e'];
const yes = `0x${'1'.padStart(64, '0')}`;

async function check(
  rpc: Rpc,
  connection: Connection,
  { chainId, contract }: ChainPlace,
  signal: AbortSignal,
): Answer<void> {
  const right = await checkChain(rpc, chainId, signal);
  if (!right.ok) return right;
  for (const id of interfaceIds) {
    const answered = await connection.call({ to: contract, data: encodeSupportsInterface(id) });
    if (answered.ok && answered.value === yes) continue;
    // A node calls what has no code, and answers with nothing; other contracts revert.
    if (!answered.ok && answered.error.type !== 'contract-refuses') return answered;
    return err({
      type: 'contract-wrong',
      detail: `At ${contract} on chain ${chainId} there is no contract of tickets, as ${rpc.name} has it.`,
    });
  }
  return ok(undefined);
}

const blockSchema = z
  .object({
    number: quantitySchema,
    hash: wordSchema,
    timestamp: quantitySchema.refine((seconds) => seconds <= 253_402_300_799),
    baseFeePerGas: bigQuantitySchema.optional(),
  })
  .nullable();
const receiptSchema = z
  .object({
    transactionHash: wordSchema,
    blockNumber: quantitySchema,
    blockHash: wordSchema,
    status: quantitySchema,
    contractAddress: hexSchema.nullish(),
  })
  .nullable();
const logsSchema = z.array(logSchema).max(logsMax);

function createConnection(rpc: Rpc, contract: Hex, signal: AbortSignal, failed: () => void): Connection {
  const { id, name } = rpc;
  const ask = <T>(method: string, params: readonly unknown[], answer: z.ZodType<T>): Answer<T> =>
    rpc.call(method, params, answer, signal);
  const lies = (detail: string): Result<never, ChainError> => err({ type: 'rpc-lies', detail });

  return {
    id,
    name,
    fail: (error) => {
      if (error.type !== 'stopped') failed();
      return error;
    },
    head: () => ask('eth_blockNumber', [], quantitySchema),
    block: async (number) => {
      const found = await ask(
        'eth_getBlockByNumber',
        [number === 'latest' ? number : toQuantity(number), false],
        blockSchema,
      );
      if (!found.ok) return found;
      const block = found.value;
      if (block === null) return ok(undefined);
      if (number !== 'latest' && block.number !== number)
        return lies(`Asked for block ${number}, ${name} answers with block ${block.number}.`);
      return ok({
        number: block.number,
        hash: block.hash,
        atMs: block.timestamp * 1_000,
        baseFee: block.baseFeePerGas ?? 0n,
      });
    },
    events: async (from, to) => {
      const filter = {
        address: contract,
        fromBlock: toQuantity(from),
        toBlock: toQuantity(to),
        topics: [Object.values(eventTopics)],
      };
      const logs = await ask('eth_getLogs', [filter], logsSchema);
      return logs.ok ? readTokenEvents(logs.value, { contract, from, to }, name) : logs;
    },
    receipt: async (transaction) => {
      const found = await ask('eth_getTransactionReceipt', [transaction], receiptSchema);
      if (!found.ok) return found;
      const receipt = found.value;
      if (receipt === null) return ok(undefined);
      if (receipt.transactionHash !== transaction)
        return lies(`${name} answers with the receipt of another transaction.`);
      const { blockNumber: block, blockHash, status, contractAddress } = receipt;
      return ok({ block, blockHash, succeeded: status === 1, contract: contractAddress ?? undefined });
    },
    transactionCount: (account, at) =>
      ask('eth_getTransactionCount', [account, at === 'pending' ? at : toQuantity(at)], quantitySchema),
    balance: (account) => ask('eth_getBalance', [account, 'latest'], bigQuantitySchema),
    priorityFee: () => ask('eth_maxPriorityFeePerGas', [], bigQuantitySchema),
    estimateGas: async (call) => orRefusal(await ask('eth_estimateGas', [call], quantitySchema)),
    call: async (call) => orRefusal(await ask('eth_call', [call, 'latest'], hexSchema)),
    send: async (raw) => {
      const sent = await ask('eth_sendRawTransaction', [raw], wordSchema);
      return sent.ok || isKnown(sent.error) ? ok(undefined) : sent;
    },
  };
}

/** Nodes say so in their own words, all of them with this one. */
const orRefusal = <T>(answered: Result<T, ChainError>): Result<T, ChainError> =>
  !answered.ok && answered.error.type === 'rpc-refused' && /revert/i.test(answered.error.detail)
    ? err({ type: 'contract-refuses', detail: answered.error.detail })
    : answered;

/** It, or another one with its nonce, is there or mined already: its receipt tells which. */
const isKnown = ({ type, detail }: ChainError): boolean =>
  type === 'rpc-refused' && /already known|already imported|nonce too low|known transaction|underpriced/i.test(detail);

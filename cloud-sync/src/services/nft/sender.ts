// Sends what the chain is to be told: mints of tickets that were sold, consumption of those that were used. Each round follows what was sent, in
// the order of the nonces, and signs what waits. Nothing at a gate waits for any of it.
import { err, ok, type Clock, type Random, type Result } from '@postern/shared';
import type { Database, Queries } from '../../store/database.ts';
import type { Block, Chain, Connection } from './chain.ts';
import { encodeConsumptions, encodeMints, type Signer } from './contract.ts';
import { bumpFees, chooseFees } from './fees.ts';
import type { Hex } from './hex.ts';
import type { Reading } from './mirror.ts';
import type { ChainError } from './rpc.ts';
import {
  endTransaction,
  noteBlock,
  readOpenTransactions,
  storeReplacement,
  storeTransaction,
  type Account,
  type Attempt,
  type Transaction,
} from './transaction-rows.ts';
import { assignTokens, readWaitingConsumptions, readWaitingMints, type WaitingToken } from './waiting-tokens.ts';

/** Transactions under way at a time: more of one account than a node lets wait would be dropped. */
export const underWayMax = 16;
/** One that is in no block by then is sent again at a higher price. */
export const replaceAfterMs = 120_000;
const attemptsMax = 20;
/** So deep an account's count of transactions stays, and nodes that keep no archive still know it. */
const settledDepthMax = 100;
/** Gas beyond the estimate, in percent: state may change until it is mined. */
const gasMarginPercent = 25;

export interface SenderDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly chain: Chain;
  readonly signer: Signer;
  readonly confirmations: number;
  /** Wei for a unit of gas that are never exceeded. */
  readonly feeMax: bigint;
  /** After its first entry a ticket's token is consumed. */
  readonly consumeAfterMs: number;
}

export interface SendRun {
  readonly sent: number;
  readonly replaced: number;
  /** So deep that they stay. */
  readonly final: number;
  readonly reverted: number;
  readonly underWay: number;
}

export interface Sender {
  readonly send: (reading: Pick<Reading, 'signal' | 'fence'>) => Promise<Result<SendRun, ChainError>>;
  /** Whether anything is under way, or waits to be minted or consumed. */
  readonly hasWork: () => Promise<boolean>;
  readonly account: Account;
}

export function createSender(deps: SenderDeps): Sender {
  const { database, clock, random, chain, signer, confirmations, feeMax, consumeAfterMs } = deps;
  const account: Account = { chain: chain.key, chainId: chain.chainId, contract: chain.contract, signer };

  const waitingOf = (queries: Queries, kind: 'mint' | 'consume'): Promise<readonly WaitingToken[]> =>
    kind === 'mint'
      ? readWaitingMints(queries, chain.key)
      : readWaitingConsumptions(queries, chain.key, clock.wallMs() - consumeAfterMs);

  const run = async (
    connection: Connection,
    { signal, fence }: Pick<Reading, 'signal' | 'fence'>,
  ): Promise<Result<SendRun, ChainError>> => {
    const counts = { sent: 0, replaced: 0, final: 0, reverted: 0 };
    const inOurs = <T>(work: (queries: Queries) => Promise<T>): Promise<T> =>
      database.transaction().execute(async (queries) => {
        await fence(queries);
        return work(queries);
      });
    const latest = await connection.block('latest');
    if (!latest.ok) return latest;
    if (latest.value === undefined)
      return err({ type: 'rpc-answer-wrong', detail: `${connection.name} has no latest block.` });
    const head = latest.value;
    const open = await readOpenTransactions(database, account, 4 * underWayMax);
    /** The account's transactions so deep that they stay. */
    const settled =
      open.length === 0
        ? ok(0)
        : await connection.transactionCount(
            signer.address,
            Math.max(0, head.number - Math.min(confirmations, settledDepthMax)),
          );
    if (!settled.ok) return settled;
    let underWay = 0;
    for (const transaction of open) {
      if (signal.aborted) break;
      const found = await findReceipt(connection, transaction, head, confirmations);
      if (!found.ok) return found;
      const receipt = found.value;
      if (receipt?.isDeep === true) {
        const { block, succeeded } = receipt;
        await inOurs((queries) =>
          endTransaction(
            queries,
            transaction,
            succeeded ? { state: 'final', block } : { state: 'reverted', reason: 'refused by the contract' },
          ),
        );
        counts[succeeded ? 'final' : 'reverted'] += 1;
        continue;
      }
      if (receipt === undefined && settled.value > transaction.nonce) {
        await inOurs((queries) =>
          endTransaction(queries, transaction, { state: 'reverted', reason: 'another transaction has its nonce' }),
        );
        counts.reverted += 1;
        continue;
      }
      underWay += 1;
      if (receipt !== undefined) {
        if (transaction.state === 'sent') await inOurs((queries) => noteBlock(queries, transaction.id, receipt.block));
        continue;
      }
      if (transaction.state === 'mined') await inOurs((queries) => noteBlock(queries, transaction.id, undefined));
      const resent = await sendAgain(connection, transaction, head, inOurs);
      if (!resent.ok) return resent;
      if (resent.value) counts.replaced += 1;
    }
    for (const kind of ['mint', 'consume'] as const)
      while (underWay < underWayMax && !signal.aborted) {
        const sent = await sendNext(connection, kind, head, inOurs);
        if (!sent.ok) return sent;
        if (!sent.value) break;
        underWay += 1;
        counts.sent += 1;
      }
    return ok({ ...counts, underWay });
  };

  type InOurs = <T>(work: (queries: Queries) => Promise<T>) => Promise<T>;

  /** The latest attempt, as it was signed or at a higher price; true where it was replaced. */
  const sendAgain = async (
    connection: Connection,
    transaction: Transaction,
    head: Block,
    inOurs: InOurs,
  ): Promise<Result<boolean, ChainError>> => {
    const isLate =
      clock.wallMs() - transaction.signedAtMs >= replaceAfterMs && transaction.attempts.length < attemptsMax;
    let current = transaction;
    if (isLate) {
      const priority = await connection.priorityFee();
      if (!priority.ok) return priority;
      const last = transaction.attempts.at(-1);
      const fees = bumpFees(last ?? { maxFee: 0n, priorityFee: 0n }, { ...head, priorityFee: priority.value }, feeMax);
      if (fees !== undefined)
        current = await inOurs((queries) => storeReplacement(queries, account, transaction, fees, clock.wallMs()));
    }
    const sent = await sendRaw(connection, signer, current);
    return sent.ok ? ok(current !== transaction) : sent;
  };

  /** False where nothing waits. */
  const sendNext = async (
    connection: Connection,
    kind: 'mint' | 'consume',
    head: Block,
    inOurs: InOurs,
  ): Promise<Result<boolean, ChainError>> => {
    const waiting = await waitingOf(database, kind);
    if (waiting.length === 0) return ok(false);
    const data = kind === 'mint' ? encodeMints(waiting) : encodeConsumptions(waiting.map(({ token }) => token));
    const prepared = await prepareTransaction(connection, account, data, head, feeMax);
    if (!prepared.ok) return prepared;
    const { gas, fees, countOnChain } = prepared.value;
    const stored = await inOurs(async (queries) => {
      const transaction = await storeTransaction(
        queries,
        account,
        { kind, data, gas, ...fees },
        { countOnChain, random, nowMs: clock.wallMs() },
      );
      await assignTokens(queries, chain.key, kind, waiting, transaction.id);
      return transaction;
    });
    const sent = await sendRaw(connection, signer, stored);
    return sent.ok ? ok(true) : sent;
  };

  return {
    account,
    send: async (reading) => {
      const connected = await chain.connect(reading.signal);
      if (!connected.ok) return connected;
      const done = await run(connected.value, reading);
      if (!done.ok) connected.value.fail(done.error);
      return done;
    },
    hasWork: async () =>
      (await readOpenTransactions(database, account, 1)).length > 0 ||
      (await waitingOf(database, 'mint')).length > 0 ||
      (await waitingOf(database, 'consume')).length > 0,
  };
}

/** What a call of the contract costs, and which of the account's transactions it is at least. */
export async function prepareTransaction(
  connection: Connection,
  { contract, signer }: Pick<Account, 'contract' | 'signer'>,
  data: Hex,
  head: Block,
  feeMax: bigint,
): Promise<
  Result<
    { readonly gas: number; readonly fees: { maxFee: bigint; priorityFee: bigint }; readonly countOnChain: number },
    ChainError
  >
> {
  const estimated = await connection.estimateGas({ from: signer.address, to: contract, data });
  if (!estimated.ok) return estimated;
  const priority = await connection.priorityFee();
  if (!priority.ok) return priority;
  const fees = chooseFees({ ...head, priorityFee: priority.value }, feeMax);
  if (!fees.ok) return fees;
  const count = await connection.transactionCount(signer.address, 'pending');
  if (!count.ok) return count;
  const gas = Math.ceil((estimated.value * (100 + gasMarginPercent)) / 100);
  return ok({ gas, fees: fees.value, countOnChain: count.value });
}

export async function sendRaw(
  connection: Connection,
  { address }: Pick<Signer, 'address'>,
  { attempts }: { readonly attempts: readonly Pick<Attempt, 'raw'>[] },
): Promise<Result<void, ChainError>> {
  const sent = await connection.send(attempts.at(-1)?.raw ?? '0x');
  return !sent.ok && sent.error.type === 'rpc-refused' && /insufficient funds/i.test(sent.error.detail)
    ? err({
        type: 'account-empty',
        detail: `${address}, which signs, cannot pay: send it some coins. ${sent.error.detail}`,
      })
    : sent;
}

/** Of whichever attempt is in a block that the chain has. */
async function findReceipt(
  connection: Connection,
  { attempts }: Transaction,
  head: Block,
  confirmations: number,
): Promise<
  Result<{ readonly block: number; readonly succeeded: boolean; readonly isDeep: boolean } | undefined, ChainError>
> {
  for (const { hash } of attempts.toReversed()) {
    const found = await connection.receipt(hash);
    if (!found.ok) return found;
    if (found.value === undefined) continue;
    const { block, blockHash, succeeded } = found.value;
    const isDeep = head.number - block >= confirmations;
    if (!isDeep) return ok({ block, succeeded, isDeep });
    const there = await connection.block(block);
    if (!there.ok) return there;
    if (there.value?.hash !== blockHash)
      return err({
        type: 'rpc-lies',
        detail: `${connection.name} has a receipt of a block ${block} that is not on the chain.`,
      });
    return ok({ block, succeeded, isDeep });
  }
  return ok(undefined);
}

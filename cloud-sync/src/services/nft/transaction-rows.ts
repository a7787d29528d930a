// Our transactions as rows. One gets its nonce, its signature and its row in one database transaction, under the lock of its account, before it
// is sent: however many processes sign, and whenever one dies, no nonce is given twice, and what was signed is sent as it is or replaced.
import { bytesToHex, type Random } from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../../store/database.ts';
import { lockAlone } from '../../store/locks.ts';
import type { Schema } from '../../store/schema.ts';
import { parseJson } from '../parse-json.ts';
import type { Signed, Signer, Unsigned } from './contract.ts';
import { hexSchema, wordSchema, type Hex } from './hex.ts';

export type TransactionKind = 'mint' | 'consume' | 'freeze';
const kindSchema = z.enum(['mint', 'consume', 'freeze']);

export interface Fees {
  /** Wei for a unit of gas. */
  readonly maxFee: bigint;
  readonly priorityFee: bigint;
}
export interface Attempt extends Signed, Fees {}

export interface Transaction {
  readonly id: string;
  readonly kind: TransactionKind;
  readonly nonce: number;
  readonly data: Hex;
  readonly gas: number;
  /** The latest last; never empty. */
  readonly attempts: readonly Attempt[];
  readonly state: 'sent' | 'mined';
  readonly signedAtMs: number;
}

const weiSchema = z
  .string()
  .regex(/^\d{1,30}$/)
  .transform(BigInt);
const attemptsSchema = z
  .array(z.object({ hash: wordSchema, raw: hexSchema, maxFee: weiSchema, priorityFee: weiSchema }))
  .nonempty();
const attemptsText = (attempts: readonly Attempt[]): string =>
  JSON.stringify(attempts.map((one) => ({ ...one, maxFee: String(one.maxFee), priorityFee: String(one.priorityFee) })));

const idBytes = 16;

export interface Draft extends Fees {
  readonly kind: TransactionKind;
  readonly data: Hex;
  readonly gas: number;
}

export interface Account {
  readonly chain: string;
  readonly chainId: number;
  readonly contract: Hex;
  readonly signer: Signer;
}

const accountKey = ({ chainId, signer }: Account): string => `${chainId}/${signer.address}`;

/** `countOnChain`: transactions that the chain knows of the account, those that wait included; more than ours where others have its key. */
export async function storeTransaction(
  queries: Queries,
  account: Account,
  draft: Draft,
  { countOnChain, random, nowMs }: { readonly countOnChain: number; readonly random: Random; readonly nowMs: number },
): Promise<Transaction> {
  const key = accountKey(account);
  await lockAlone(queries, `nft-account/${key}`);
  const { highest } = await queries
    .selectFrom('nft_transaction')
    .select(({ fn }) => fn.max<number | null>('nonce').as('highest'))
    .where('account', '=', key)
    .executeTakeFirstOrThrow();
  const nonce = Math.max(countOnChain, highest === null ? 0 : highest + 1);
  const { kind, data, gas } = draft;
  const attempts = [await signAttempt(account, { ...draft, nonce })];
  const id = bytesToHex(random(idBytes));
  await queries
    .insertInto('nft_transaction')
    .values({
      id,
      chain: account.chain,
      account: key,
      nonce,
      kind,
      data,
      gas,
      attempts: attemptsText(attempts),
      state: 'sent',
      created_at_ms: nowMs,
      signed_at_ms: nowMs,
      block: null,
      reason: null,
    })
    .execute();
  return { id, kind, nonce, data, gas, attempts, state: 'sent', signedAtMs: nowMs };
}

/** The same once more, at another price: stored before it is sent, like the first. */
export async function storeReplacement(
  queries: Queries,
  account: Account,
  transaction: Transaction,
  fees: Fees,
  nowMs: number,
): Promise<Transaction> {
  const attempts = [...transaction.attempts, await signAttempt(account, { ...transaction, ...fees })];
  await queries
    .updateTable('nft_transaction')
    .set({ attempts: attemptsText(attempts), signed_at_ms: nowMs })
    .where('id', '=', transaction.id)
    .execute();
  return { ...transaction, attempts, signedAtMs: nowMs };
}

async function signAttempt(
  { chainId, contract, signer }: Account,
  { nonce, data, gas, maxFee, priorityFee }: Pick<Unsigned, 'nonce' | 'data' | 'gas'> & Fees,
): Promise<Attempt> {
  const fees = { maxFee, priorityFee };
  return { ...(await signer.sign({ chainId, nonce, to: contract, data, gas, ...fees })), ...fees };
}

/** Those that are in no block yet, or in one that may still be taken back; in the order of their nonces. */
export async function readOpenTransactions(
  queries: Queries,
  account: Account,
  limit: number,
): Promise<readonly Transaction[]> {
  const rows = await queries
    .selectFrom('nft_transaction')
    .selectAll()
    .where('account', '=', accountKey(account))
    .where('chain', '=', account.chain)
    .where('state', 'in', ['sent', 'mined'])
    .orderBy('nonce')
    .limit(limit)
    .execute();
  return rows.map(toTransaction);
}

const toTransaction = (row: Selectable<Schema['nft_transaction']>): Transaction => ({
  id: row.id,
  kind: kindSchema.parse(row.kind),
  nonce: row.nonce,
  data: hexSchema.parse(row.data),
  gas: row.gas,
  attempts: attemptsSchema.parse(parseJson(row.attempts)),
  state: row.state === 'mined' ? 'mined' : 'sent',
  signedAtMs: row.signed_at_ms,
});

/** The hash by which people find it: of the attempt that is in a block, else of the latest. */
export const readLatestHash = (attempts: string): Hex | undefined =>
  attemptsSchema.safeParse(parseJson(attempts)).data?.at(-1)?.hash;

/** In a block, or in none any more. */
export async function noteBlock(queries: Queries, id: string, block: number | undefined): Promise<void> {
  await queries
    .updateTable('nft_transaction')
    .set(block === undefined ? { state: 'sent', block: null } : { state: 'mined', block })
    .where('id', '=', id)
    .execute();
}

/** So deep that it stays. One that did nothing lets go of its tokens: they wait for another. */
export async function endTransaction(
  queries: Queries,
  { id, kind }: Pick<Transaction, 'id' | 'kind'>,
  ending: { readonly state: 'final'; readonly block: number } | { readonly state: 'reverted'; readonly reason: string },
): Promise<void> {
  const { state } = ending;
  await queries
    .updateTable('nft_transaction')
    .set(state === 'final' ? { state, block: ending.block } : { state, reason: ending.reason })
    .where('id', '=', id)
    .execute();
  if (state === 'final' || kind === 'freeze') return;
  const column = kind === 'mint' ? 'mint' : 'consumption';
  await queries
    .updateTable('nft_token')
    .set({ [column]: null })
    .where(column, '=', id)
    .execute();
}

// The row of a chain: how far it was read, and what was wrong the last time; and the hashes of blocks by which a reorganisation shows.
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import { parseJson } from '../parse-json.ts';
import type { Block } from './chain.ts';
import type { Hex } from './hex.ts';
import type { ChainError } from './rpc.ts';

export type ChainRow = Selectable<Schema['nft_chain']>;

/** Blocks so far behind stay as they are: what is older is forgotten, and a reorganisation that reaches further makes all be read again. */
export const keptBlocks = 8_192;

/** The row, made at the first time. */
export async function openChainRow(queries: Queries, chain: string, startBlock: number): Promise<ChainRow> {
  await queries
    .insertInto('nft_chain')
    .values({ chain, next_block: startBlock, block_at_ms: null, head: 0, read_at_ms: null, problem: null, rewound: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return queries.selectFrom('nft_chain').selectAll().where('chain', '=', chain).executeTakeFirstOrThrow();
}

/** Up to where the chain was read, with that block's own time (Unix ms); undefined before the first time. */
export async function readChainHead(
  queries: Queries,
  chain: string,
): Promise<{ readonly block: number; readonly atMs: number } | undefined> {
  const row = await queries
    .selectFrom('nft_chain')
    .select(['next_block', 'block_at_ms'])
    .where('chain', '=', chain)
    .executeTakeFirst();
  return row === undefined || row.block_at_ms === null
    ? undefined
    : { block: row.next_block - 1, atMs: row.block_at_ms };
}

const problemSchema = z.object({ type: z.string(), detail: z.string(), atMs: z.number() });
export type ChainProblem = z.infer<typeof problemSchema>;

export const readProblem = ({ problem }: Pick<ChainRow, 'problem'>): ChainProblem | undefined =>
  problem === null ? undefined : problemSchema.safeParse(parseJson(problem)).data;

/** What the last reading came to. */
export async function noteReading(
  queries: Queries,
  chain: string,
  problem: ChainError | undefined,
  nowMs: number,
): Promise<void> {
  await queries
    .updateTable('nft_chain')
    .set(
      problem === undefined
        ? { problem: null, read_at_ms: nowMs }
        : { problem: JSON.stringify({ type: problem.type, detail: problem.detail, atMs: nowMs }) },
    )
    .where('chain', '=', chain)
    .execute();
}

/** Everything up to `last` was read. */
export async function advance(queries: Queries, chain: string, last: Block, head: number): Promise<void> {
  await queries
    .insertInto('nft_block')
    .values({ chain, number: last.number, hash: last.hash })
    .onConflict((conflict) => conflict.columns(['chain', 'number']).doUpdateSet({ hash: last.hash }))
    .execute();
  await queries
    .updateTable('nft_chain')
    .set({ next_block: last.number + 1, block_at_ms: last.atMs, head })
    .where('chain', '=', chain)
    .execute();
  const forgotten = last.number - keptBlocks;
  await queries.deleteFrom('nft_block').where('chain', '=', chain).where('number', '<', forgotten).execute();
  await queries.deleteFrom('nft_change').where('chain', '=', chain).where('block', '<', forgotten).execute();
}

/** The latest first. */
export async function readKnownBlocks(
  queries: Queries,
  chain: string,
  below: number,
  limit: number,
): Promise<readonly { readonly number: number; readonly hash: Hex }[]> {
  const rows = await queries
    .selectFrom('nft_block')
    .select(['number', 'hash'])
    .where('chain', '=', chain)
    .where('number', '<', below)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ number, hash }) => ({ number, hash: hash as Hex }));
}

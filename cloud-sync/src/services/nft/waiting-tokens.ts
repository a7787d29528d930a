// Which tokens wait to be minted, and which to be consumed: tickets that somebody was let in with, some time ago, since a lapse or a steward may
// give a use back and the chain cannot.
import { sql } from 'kysely';
import type { Queries } from '../../store/database.ts';

/** A transaction's worth; the contract takes 200, and a block has room for more gas than this needs. */
export const mintsAtOnceMax = 50;
export const consumptionsAtOnceMax = 100;

export interface WaitingToken {
  readonly event: number;
  readonly token: string;
  readonly wallet: string;
  readonly reference: string;
}

export const readWaitingMints = (queries: Queries, chain: string): Promise<readonly WaitingToken[]> =>
  queries
    .selectFrom('nft_token')
    .select(['event', 'token', 'wallet', 'reference'])
    .where('chain', '=', chain)
    .where('mint', 'is', null)
    .where('owner', 'is', null)
    .orderBy('created_at_ms')
    .orderBy('token')
    .limit(mintsAtOnceMax)
    .execute();

/** Those of tickets whose first entry was before `usedBeforeMs`. */
export const readWaitingConsumptions = (
  queries: Queries,
  chain: string,
  usedBeforeMs: number,
): Promise<readonly WaitingToken[]> =>
  queries
    .selectFrom('nft_token')
    .innerJoin('story', (join) =>
      join.onRef('story.event', '=', 'nft_token.event').onRef('story.ticket', '=', 'nft_token.ticket'),
    )
    .select(['nft_token.event', 'token', 'wallet', 'reference'])
    .where('chain', '=', chain)
    .where('consumed', '=', 0)
    .where('owner', 'is not', null)
    .where('uses_spent', '>', 0)
    .where((where) =>
      where.exists(
        where
          .selectFrom('entry')
          .select('entry.ticket')
          .whereRef('entry.event', '=', 'nft_token.event')
          .whereRef('entry.ticket', '=', 'nft_token.ticket')
          .where('entry.at_ms', '<=', usedBeforeMs),
      ),
    )
    .where((where) =>
      where.or([
        where('consumption', 'is', null),
        // It was sent, and is where the chain was read, but to no effect: the token was not there yet.
        where.exists(
          where
            .selectFrom('nft_transaction')
            .innerJoin('nft_chain', 'nft_chain.chain', 'nft_transaction.chain')
            .select('nft_transaction.id')
            .whereRef('nft_transaction.id', '=', 'nft_token.consumption')
            .where('nft_transaction.state', '=', 'final')
            .where('nft_transaction.block', '<', sql.ref<number>('nft_chain.next_block')),
        ),
      ]),
    )
    .orderBy('nft_token.event')
    .orderBy('token')
    .limit(consumptionsAtOnceMax)
    .execute();

/** The transaction that does it. */
export async function assignTokens(
  queries: Queries,
  chain: string,
  kind: 'mint' | 'consume',
  tokens: readonly WaitingToken[],
  transaction: string,
): Promise<void> {
  for (const { event, token } of tokens)
    await queries
      .updateTable('nft_token')
      .set(kind === 'mint' ? { mint: transaction } : { consumption: transaction })
      .where('event', '=', event)
      .where('chain', '=', chain)
      .where('token', '=', token)
      .execute();
}

// What the mirror of the chain has for gates: up to where the chain was read, and for every token whose it is. A use is told of only where it
// was not us who had the chain told of it: of those the gates' own marks say more.
import {
  encodeTokenRow,
  zeroAddress,
  type Address,
  type AdmissionPolicy,
  type ChainHead,
  type FeedToken,
  type NftLookups,
  type NftRules,
  type Ticket,
  type TokenEntry,
  type TokenRow,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { EventRecord } from '../events.ts';
import { chainKey } from './chain-place.ts';
import { readChainHead } from './chain-rows.ts';

/** One for each generation of a ticket, at most. */
const tokensPerTicketMax = 100;

type NftTokenRow = Selectable<Schema['nft_token']>;

/** How the mirror's rows name a token. */
export const tokenName = (tokenId: bigint): string => `0x${tokenId.toString(16).padStart(64, '0')}`;

/** Undefined before the chain was read, and for an event without a contract. */
export const readHeadFor = async (
  queries: Queries,
  { nft }: Pick<AdmissionPolicy, 'nft'>,
): Promise<ChainHead | undefined> => (nft === undefined ? undefined : readChainHead(queries, chainKey(nft)));

/** The next page of an event's tokens that have an owner. */
export async function readTokenPage(
  queries: Queries,
  { id, policy: { nft } }: EventRecord,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<{ readonly rows: readonly TokenRow[]; readonly last: string | undefined }> {
  if (nft === undefined) return { rows: [], last: undefined };
  const found = await queries
    .selectFrom('nft_token')
    .selectAll()
    .where('event', '=', id)
    .where('chain', '=', chainKey(nft))
    .where('token', '>', after)
    .where('owner', 'is not', null)
    .orderBy('token')
    .limit(limit)
    .execute();
  const rows = found.map((row) => encodeTokenRow(toFeedToken(row, nft)));
  return { rows, last: found.length < limit ? undefined : found.at(-1)?.token };
}

/** Those that have changed since, at most `limit`; of one whose minting the chain has taken back that it is nobody's. */
export async function readChangedTokens(
  queries: Queries,
  { id, policy: { nft } }: EventRecord,
  { revision, limit }: { readonly revision: number; readonly limit: number },
): Promise<readonly TokenRow[]> {
  if (nft === undefined) return [];
  const found = await queries
    .selectFrom('nft_token')
    .selectAll()
    .where('event', '=', id)
    .where('chain', '=', chainKey(nft))
    .where('revision', '>', revision)
    .limit(limit)
    .execute();
  return found.map((row) => encodeTokenRow(toFeedToken(row, nft)));
}

/** As a gate finds it; undefined for a token that is nobody's. */
export async function findToken(
  queries: Queries,
  { id, policy: { nft } }: EventRecord,
  tokenId: bigint,
): Promise<(Omit<TokenEntry, 'ticket'> & { readonly row: NftTokenRow }) | undefined> {
  if (nft === undefined) return undefined;
  const row = await queries
    .selectFrom('nft_token')
    .selectAll()
    .where('event', '=', id)
    .where('chain', '=', chainKey(nft))
    .where('token', '=', tokenName(tokenId))
    .executeTakeFirst();
  if (row === undefined || row.owner === null) return undefined;
  return { row, owner: row.owner as Address, consumed: isSpentElsewhere(row) };
}

/** Whether a ticket, as it is at this epoch, is a token of the event's contract, or is to become one. */
export async function isToken(
  queries: Queries,
  { id, policy: { nft } }: EventRecord,
  ticket: Pick<Ticket, 'id' | 'epoch'>,
): Promise<boolean> {
  if (nft === undefined) return false;
  const row = await queries
    .selectFrom('nft_token')
    .select('token')
    .where('event', '=', id)
    .where('chain', '=', chainKey(nft))
    .where('ticket', '=', ticket.id)
    .where('epoch', '=', ticket.epoch)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** What a gate knows of the tokens that stand for one ticket; undefined where the event has no contract. */
export async function readTokensOf(
  queries: Queries,
  { id, policy }: EventRecord,
  ticket: Pick<Ticket, 'id' | 'type'>,
): Promise<NftLookups | undefined> {
  const { nft } = policy;
  if (nft === undefined) return undefined;
  const head = await readHeadFor(queries, policy);
  const rows = await queries
    .selectFrom('nft_token')
    .selectAll()
    .where('event', '=', id)
    .where('ticket', '=', ticket.id)
    .where('chain', '=', chainKey(nft))
    .where('owner', 'is not', null)
    .orderBy('created_at_ms', 'desc')
    .limit(tokensPerTicketMax)
    .execute();
  const entries = new Map(
    rows.map((row): readonly [string, TokenEntry] => [
      row.token,
      {
        ticket: { id: ticket.id, epoch: row.epoch, type: ticket.type },
        owner: row.owner as Address,
        consumed: isSpentElsewhere(row),
      },
    ]),
  );
  return { rules: nft, head, token: (tokenId) => entries.get(tokenName(tokenId)) };
}

const isSpentElsewhere = ({ consumed, consumption }: NftTokenRow): boolean => consumed === 1 && consumption === null;

const toFeedToken = (row: NftTokenRow, { contract }: NftRules): FeedToken => ({
  contract,
  tokenId: BigInt(row.token),
  ticketId: row.ticket,
  epoch: row.epoch,
  owner: (row.owner as Address | null) ?? zeroAddress,
  consumed: isSpentElsewhere(row),
  block: row.block ?? 0,
});

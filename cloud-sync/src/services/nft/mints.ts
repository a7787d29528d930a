// Tokens of tickets before the chain knows them: noted in the transaction of who asks for one, minted soon after. A ticket has one token for its
// epoch, whoever asks and how often; its number follows from both, so that even a database out of a backup would not mint a second.
import { addressSchema, err, ok, type Result, type Ticket, type TokenView } from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { Keys } from '../keys.ts';
import type { Failure } from '../problems.ts';
import { chainKey, type ChainPlace } from './chain-place.ts';
import { readLatestHash } from './transaction-rows.ts';

export interface MintRequest {
  readonly event: number;
  /** As the event's rules say. */
  readonly place: ChainPlace;
  readonly ticket: Pick<Ticket, 'id' | 'epoch'>;
  readonly wallet: string;
  readonly nowMs: number;
}

export interface TokenMints {
  /**
   * Notes the token that is to be minted; the one that is there where the wallet is the same. `token-exists` for another wallet, `nft-unset`
   * where the event's rules name another contract than the settings.
   */
  readonly claim: (queries: Queries, request: MintRequest) => Promise<Result<TokenView, Failure>>;
  /** All of a ticket on this chain, the latest first. */
  readonly list: (queries: Queries, event: number, ticketId: string) => Promise<readonly TokenView[]>;
  /** Something waits to be minted: once it is committed. */
  readonly wake: () => void;
}

export interface MintsDeps {
  readonly place: ChainPlace;
  /** How rows name it. */
  readonly chain: string;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly wake: () => void;
}

const numberDigits = 32;
const eventDigits = 8;
const tokenDigits = 64;
/** Of one ticket; it has one for each of its epochs that somebody wanted a token for. */
const tokensMax = 100;

export function createTokenMints({ place, chain, keys, wake }: MintsDeps): TokenMints {
  const toView = (row: TokenWithTransactions): TokenView => ({
    token: BigInt(row.token).toString(),
    chainId: place.chainId,
    contract: place.contract,
    wallet: addressSchema.parse(row.wallet),
    epoch: row.epoch,
    state: stateOf(row),
    ...named('transaction', row.minting === null ? undefined : readLatestHash(row.minting)),
    ...named('owner', row.owner === null ? undefined : addressSchema.parse(row.owner)),
    locked: row.locked === 1,
    consumed: row.consumed === 1,
    ...named('consumption', row.consuming === null ? undefined : readLatestHash(row.consuming)),
    ...named('block', row.block ?? undefined),
  });

  const read = (queries: Queries, event: number, ticketId: string) =>
    queries
      .selectFrom('nft_token')
      .leftJoin('nft_transaction as minted', 'minted.id', 'nft_token.mint')
      .leftJoin('nft_transaction as spent', 'spent.id', 'nft_token.consumption')
      .selectAll('nft_token')
      .select(['minted.attempts as minting', 'minted.state as mint_state', 'spent.attempts as consuming'])
      .where('nft_token.event', '=', event)
      .where('nft_token.chain', '=', chain)
      .where('nft_token.ticket', '=', ticketId)
      .orderBy('nft_token.epoch', 'desc')
      .limit(tokensMax);

  return {
    claim: async (queries, { event, place: wanted, ticket: { id: ticket, epoch }, wallet, nowMs }) => {
      if (chainKey(wanted) !== chain)
        return err({ type: 'nft-unset', detail: 'The rules of the event name another contract than the settings.' });
      const reference = keys.serverHash('nft-token', `${event}/${ticket}/${epoch}`);
      const token = `0x${event.toString(16).padStart(eventDigits, '0')}${reference.slice(0, numberDigits).padStart(tokenDigits - eventDigits, '0')}`;
      // One that came along on the chain stands for this epoch under the number of an earlier one.
      const held = await read(queries, event, ticket).where('nft_token.epoch', '=', epoch).executeTakeFirst();
      if (held !== undefined)
        return (held.owner ?? held.wallet) === wallet ? ok(toView(held)) : err({ type: 'token-exists' });
      const row = { event, chain, token, ticket, epoch, wallet, reference: `0x${reference}`, created_at_ms: nowMs };
      await queries
        .insertInto('nft_token')
        .values({ ...row, handed_on: 0, locked: 0, consumed: 0, revision: 0 })
        .execute();
      const made = await read(queries, event, ticket).where('nft_token.token', '=', token).executeTakeFirstOrThrow();
      return ok(toView(made));
    },
    list: async (queries, event, ticketId) => (await read(queries, event, ticketId).execute()).map(toView),
    wake,
  };
}

type TokenWithTransactions = Selectable<Schema['nft_token']> & {
  readonly minting: string | null;
  readonly mint_state: string | null;
  readonly consuming: string | null;
};

function stateOf({ owner, mint, mint_state: state }: TokenWithTransactions): TokenView['state'] {
  if (owner !== null) return 'confirmed';
  if (mint === null) return 'waiting';
  return state === 'sent' ? 'pending' : 'mined';
}

const named = <K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: V });

// Tickets, codes and tokens as the feed has them: the overlay of deltas first, then the immutable snapshot. One indexed read a question,
// however many tickets there are.
import {
  codeHash,
  decodeTicketRow,
  decodeTokenRow,
  hexToBytes,
  insertCodeSql,
  insertTicketSql,
  insertTokenSql,
  encodeTicketRow,
  parseShortCode,
  readCodeReference,
  tagHash,
  ticketIdBytes,
  ticketIdPattern,
  ticketKey,
  tokenKey,
  tokenTableSql,
  type CodeReference,
  type DeltaRows,
  type Lookups,
  type Manifest,
  type TagMedium,
  type NftLookups,
  type Ticket,
  type TokenEntry,
} from '@postern/shared';
import { openDatabase, type Database, type Statement } from './database.ts';
import { hasTokens } from './feed-file.ts';

/** More tickets than ever share the 20 bits that a short code begins with. */
const shortCodeCandidatesMax = 256;

const columns = 'key, type, epoch, status, party, hold, valid_from, valid_until';

/** As in the snapshot, except that a code may lead nowhere any more. */
const overlayTablesSql = `
  CREATE TABLE ticket (key BLOB PRIMARY KEY, type INTEGER, epoch INTEGER, status INTEGER, party INTEGER, hold INTEGER, valid_from INTEGER, valid_until INTEGER) WITHOUT ROWID;
  CREATE TABLE code (hash BLOB PRIMARY KEY, ticket BLOB) WITHOUT ROWID;
  ${tokenTableSql}
`;

/** What deltas say: in memory, made again at every start from the deltas whose hashes the manifest has signed. */
export interface Overlay {
  readonly database: Database;
  /** True until a first row: most of the time there is nothing to ask. */
  readonly empty: () => boolean;
  readonly add: (rows: DeltaRows) => void;
  readonly close: () => void;
}

export function createOverlay(): Overlay {
  const database = openDatabase(':memory:', { synchronous: 'off' });
  database.exec(overlayTablesSql);
  const insertTicket = database.prepare(insertTicketSql);
  const insertCode = database.prepare(insertCodeSql);
  const insertToken = database.prepare(insertTokenSql);
  const add = database.transaction(({ tickets, codes, tokens = [] }: DeltaRows) => {
    for (const ticket of tickets) insertTicket.run(...encodeTicketRow(ticket));
    for (const [hash, ticket] of codes) insertCode.run(hash, ticket);
    for (const token of tokens) insertToken.run(...token);
  });
  let empty = true;
  return {
    database,
    empty: () => empty,
    add: (rows) => {
      add(rows);
      empty = false;
    },
    close: () => void database.close(),
  };
}

/** What can be looked up in the list alone: to which ticket a tag is bound, marks say. */
export interface TicketSource extends Omit<Lookups, 'tag'> {
  readonly tagHash: (medium: TagMedium, id: Uint8Array) => string;
  readonly ticket: (ticketId: string) => Ticket | undefined;
}

interface Layer {
  readonly byKey: Statement;
  readonly byKeyRange: Statement;
  readonly code: Statement;
  /** Absent in a snapshot of an event without a contract. */
  readonly token: Statement | undefined;
}

export function createTicketSource(snapshot: Database, overlay: Overlay, manifest: Manifest): TicketSource {
  const codeHashKey = hexToBytes(manifest.codeHashKey) ?? new Uint8Array(0);
  const layerOf = (database: Database): Layer => ({
    byKey: database.prepare(`SELECT ${columns} FROM ticket WHERE key = ?`).raw(),
    byKeyRange: database
      .prepare(`SELECT ${columns} FROM ticket WHERE key >= ? AND key < ? LIMIT ${shortCodeCandidatesMax}`)
      .raw(),
    code: database.prepare('SELECT ticket FROM code WHERE hash = ?').raw(),
    token: hasTokens(database)
      ? database.prepare('SELECT key, ticket, owner, consumed, block FROM token WHERE key = ?').raw()
      : undefined,
  });
  const overlayLayer = layerOf(overlay.database);
  const snapshotLayer = layerOf(snapshot);

  const firstRow = (query: (layer: Layer) => unknown): readonly unknown[] | undefined => {
    const changed = overlay.empty() ? undefined : query(overlayLayer);
    return (changed ?? query(snapshotLayer)) as readonly unknown[] | undefined;
  };

  const ticket = (ticketId: string): Ticket | undefined => {
    if (!ticketIdPattern.test(ticketId)) return undefined;
    const key = ticketKey(ticketId);
    const row = firstRow((layer) => layer.byKey.get(key));
    return row === undefined ? undefined : decodeTicketRow(row);
  };

  /** The tickets whose keys lie in `from <= key < until`, as the newer layer has them. */
  const ticketsBetween = (from: Uint8Array, until: Uint8Array): readonly Ticket[] => {
    const rows = [snapshotLayer, overlayLayer].flatMap(
      (layer) => layer.byKeyRange.all(from, until) as (readonly unknown[])[],
    );
    const found = rows.map(decodeTicketRow).filter((row) => row !== undefined);
    return [...new Map(found.map((row) => [row.id, row])).values()];
  };

  /** Two tickets for one code is a question for a person with the other code at hand, not for us to guess. */
  const onlyTicket = (found: readonly Ticket[]): Ticket | undefined => (found.length === 1 ? found[0] : undefined);

  /** With the reference's own epoch, not the ticket's: a transfer kills what led to it, which the feed still knows as an old one. */
  const ticketOf = ({ keyPrefix, epoch }: CodeReference): Ticket | undefined => {
    const found = onlyTicket(ticketsBetween(keyPrefix, endOfPrefix(keyPrefix)));
    return found === undefined ? undefined : { ...found, epoch };
  };

  const nft = nftLookupsOf(manifest, (key) => {
    const row = firstRow(({ token }) => token?.get(key));
    const token = row === undefined ? undefined : decodeTokenRow(row);
    const of = token === undefined ? undefined : ticketOf(token.ticket);
    return token === undefined || of === undefined ? undefined : { ...token, ticket: of };
  });

  const issuerKeys = new Map(
    manifest.keys
      .filter((key) => key.use === 'issuer')
      .map((key) => [key.keyId, { publicKey: hexToBytes(key.publicKey) ?? new Uint8Array(0), state: key.state }]),
  );

  return {
    event: manifest.event,
    ticket,
    tagHash: (medium, id) => tagHash(codeHashKey, medium, id),
    issuerKey: (keyIdHex) => issuerKeys.get(keyIdHex),
    ticketByCode: (code) => {
      const hash = codeHash(codeHashKey, code);
      const stored = firstRow((layer) => layer.code.get(hash))?.[0];
      const reference = stored instanceof Uint8Array ? readCodeReference(stored) : undefined;
      return reference === undefined ? undefined : ticketOf(reference);
    },
    ticketByShortCode: (typed) => {
      const parsed = parseShortCode(codeHashKey, typed);
      if (parsed === undefined) return undefined;
      const candidates = ticketsBetween(parsed.from, parsed.until).flatMap((candidate): Ticket[] => {
        const epoch = parsed.epochFor(candidate.id, candidate.epoch);
        return epoch === undefined ? [] : [{ ...candidate, epoch }];
      });
      return onlyTicket(candidates);
    },
    nft: () => nft,
  };
}

/** What the event's rules and the manifest say of the chain, and whose a token is. */
function nftLookupsOf(
  { policy: { nft: rules }, chain }: Manifest,
  token: (key: Uint8Array) => TokenEntry | undefined,
): NftLookups | undefined {
  if (rules === undefined) return undefined;
  return { rules, head: chain, token: (tokenId) => token(tokenKey(rules.contract, tokenId)) };
}

/** The least byte string after all that begin with `prefix`; longer than any key when the prefix is all ones. */
function endOfPrefix(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  for (let index = end.length - 1; index >= 0; index--) {
    const byte = end[index] ?? 0;
    if (byte < 0xff) {
      end[index] = byte + 1;
      return end.slice(0, index + 1);
    }
  }
  return new Uint8Array(ticketIdBytes + 1).fill(0xff);
}

// The SQL behind ticket-source.ts: the snapshot's tables, and an overlay in memory for what deltas say.
import {
  encodeTicketRow,
  hasLanguage,
  insertCodeSql,
  insertSpokenTicketSql,
  insertTicketSql,
  insertTokenSql,
  languageColumnSql,
  tokenTableSql,
  type DeltaRows,
} from '@postern/shared';
import { shortCodeCandidatesMax, type OverlayLayer, type TicketLayer } from '../ticket-source.ts';
import { openDatabase, type Database } from './database.ts';
import { hasLanguages, hasTokens } from './feed-file.ts';

const columns = 'key, type, epoch, status, party, hold, valid_from, valid_until';

/** As in the snapshot, except that a code may lead nowhere any more. */
const overlayTablesSql = `
  CREATE TABLE ticket (key BLOB PRIMARY KEY, type INTEGER, epoch INTEGER, status INTEGER, party INTEGER, hold INTEGER, valid_from INTEGER, valid_until INTEGER) WITHOUT ROWID;
  ${languageColumnSql}
  CREATE TABLE code (hash BLOB PRIMARY KEY, ticket BLOB) WITHOUT ROWID;
  ${tokenTableSql}
`;

/** What deltas say: in memory, made again at every start from the deltas whose hashes the manifest has signed. */
export interface Overlay extends OverlayLayer {
  readonly add: (rows: DeltaRows) => void;
  readonly close: () => void;
}

export function createOverlay(): Overlay {
  const database = openDatabase(':memory:', { synchronous: 'off' });
  database.exec(overlayTablesSql);
  const insertTicket = database.prepare(insertTicketSql);
  const insertSpokenTicket = database.prepare(insertSpokenTicketSql);
  const insertCode = database.prepare(insertCodeSql);
  const insertToken = database.prepare(insertTokenSql);
  const add = database.transaction(({ tickets, codes, tokens = [] }: DeltaRows) => {
    for (const row of tickets.map(encodeTicketRow)) (hasLanguage(row) ? insertSpokenTicket : insertTicket).run(...row);
    for (const [hash, ticket] of codes) insertCode.run(hash, ticket);
    for (const token of tokens) insertToken.run(...token);
  });
  let empty = true;
  return {
    ...createSqlLayer(database),
    empty: () => empty,
    add: (rows) => {
      add(rows);
      empty = false;
    },
    close: () => void database.close(),
  };
}

export function createSqlLayer(database: Database): TicketLayer {
  const shown = hasLanguages(database) ? `${columns}, language` : columns;
  const byKey = database.prepare(`SELECT ${shown} FROM ticket WHERE key = ?`).raw();
  const byKeyRange = database
    .prepare(`SELECT ${shown} FROM ticket WHERE key >= ? AND key < ? LIMIT ${shortCodeCandidatesMax}`)
    .raw();
  const code = database.prepare('SELECT ticket FROM code WHERE hash = ?').raw();
  // Absent in a snapshot of an event without a contract.
  const token = hasTokens(database)
    ? database.prepare('SELECT key, ticket, owner, consumed, block FROM token WHERE key = ?').raw()
    : undefined;
  type Row = readonly unknown[] | undefined;
  return {
    byKey: (key) => byKey.get(key) as Row,
    byKeyRange: (from, until) => byKeyRange.all(from, until) as (readonly unknown[])[],
    code: (hash) => code.get(hash) as Row,
    token: (key) => token?.get(key) as Row,
  };
}

// The files that a version of the feed names: a snapshot of all tickets, deltas for what has changed since, each written once under
// its hash; and what becomes of them when nobody can still be fetching them.
import {
  assert,
  deltaRowsMax,
  encodeCodeRow,
  encodeDelta,
  encodeTicketRow,
  hasLanguage,
  hexToBytes,
  insertCodeSql,
  insertMetaSql,
  insertSpokenTicketSql,
  insertTicketSql,
  insertTokenSql,
  languageColumnSql,
  manifestSchema,
  needsNewSnapshot,
  overlayBytesMax,
  snapshotFormat,
  snapshotPageBytes,
  snapshotTablesSql,
  tokenTableSql,
  type Clock,
  type CodeRow,
  type FileReference,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { createSqliteFile, type SqliteFile } from '../store/sqlite.ts';
import type { EventRecord } from './events.ts';
import type { FeedFiles } from './feed-files.ts';
import { chainKey } from './nft/chain-place.ts';
import { readChangedTokens, readTokenPage } from './nft/feed-tokens.ts';
import { toTicket } from './ticket-views.ts';

/** A gate that took a manifest has this long to fetch what it names. */
const keptForMs = 24 * 3_600_000;
/** More deltas than this on one snapshot cost a gate more requests than a new snapshot. */
const deltasMax = 100;
/** Tickets read and written at a time while a snapshot is built; between pages other requests have their turn. */
const pageRows = 5_000;
/** Of tickets, of codes and of tokens in one delta. */
const kindRowsMax = Math.floor(deltaRowsMax / 3);

const namedFilesSchema = manifestSchema.pick({ snapshot: true, deltas: true });
/** What a manifest says of its files. */
export type NamedFiles = z.infer<typeof namedFilesSchema>;
export type FeedRow = Selectable<Schema['feed']>;

export interface FeedContentDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly files: FeedFiles;
}

export interface FeedContent {
  readonly files: NamedFiles;
  /** Rows of all deltas. */
  readonly deltaRows: number;
}

/** Whose tokens a version tells of: kept beside the names of its files. */
export const contractOf = ({ policy: { nft } }: Pick<EventRecord, 'policy'>): string | undefined =>
  nft === undefined ? undefined : chainKey(nft);
const namedContractSchema = z.object({ contract: z.string().optional() });
const namedContract = (row: FeedRow | undefined): string | undefined =>
  row === undefined ? undefined : namedContractSchema.parse(JSON.parse(row.files)).contract;

export const namedFiles = (row: Pick<FeedRow, 'files'>): NamedFiles => namedFilesSchema.parse(JSON.parse(row.files));

/** The files of the next version: those of the last one if no ticket changed, one delta more, or a new snapshot. */
export async function makeContent(
  deps: FeedContentDeps,
  record: EventRecord,
  last: FeedRow | undefined,
  version: number,
  wantSnapshot: boolean,
): Promise<FeedContent> {
  // Of the tokens of another contract, or of none, no delta has told: it tells of what has changed since.
  const isOtherContract = contractOf(record) !== undefined && contractOf(record) !== namedContract(last);
  if (last === undefined || wantSnapshot || isOtherContract)
    return { files: await makeSnapshot(deps, record, version), deltaRows: 0 };
  const files = namedFiles(last);
  if (last.revision === record.revision) return { files, deltaRows: last.delta_rows };
  const changed = await deps.database
    .selectFrom('ticket')
    .selectAll()
    .where('event', '=', record.id)
    .where('revision', '>', last.revision)
    .limit(kindRowsMax + 1)
    .execute();
  const codes = await deps.database
    .selectFrom('ticket_code')
    .selectAll()
    .where('event', '=', record.id)
    .where('revision', '>', last.revision)
    .limit(kindRowsMax + 1)
    .execute();
  const tokens = await readChangedTokens(deps.database, record, { revision: last.revision, limit: kindRowsMax + 1 });
  const rows = changed.length + codes.length + tokens.length;
  const deltaRows = last.delta_rows + rows;
  const isTooMuch =
    Math.max(changed.length, codes.length, tokens.length) > kindRowsMax || files.deltas.length >= deltasMax;
  if (isTooMuch || needsNewSnapshot(files.snapshot.tickets, deltaRows))
    return { files: await makeSnapshot(deps, record, version), deltaRows: 0 };
  const from = files.deltas.at(-1)?.to ?? files.snapshot.version;
  const bytes = encodeDelta(
    { event: record.id, from, to: version },
    { tickets: changed.map(toTicket), codes: codes.map(toCodeRow), tokens },
  );
  if (files.deltas.reduce((sum, delta) => sum + delta.bytes, bytes.length) > overlayBytesMax)
    return { files: await makeSnapshot(deps, record, version), deltaRows: 0 };
  const reference = await deps.files.write(bytes);
  await noteFile(deps, record.id, reference);
  return { files: { ...files, deltas: [...files.deltas, { from, to: version, rows, ...reference }] }, deltaRows };
}

/** Every ticket of the event in one SQLite file, compact and gzipped. A ticket that changes meanwhile is in the next delta too. */
async function makeSnapshot(deps: FeedContentDeps, record: EventRecord, version: number): Promise<NamedFiles> {
  const { database, files } = deps;
  const [raw, compact] = [files.scratchPath(), files.scratchPath()];
  const file = createSqliteFile(raw);
  try {
    file.execute(`PRAGMA page_size = ${snapshotPageBytes}`);
    file.execute(snapshotTablesSql);
    let [tickets, isSpoken] = [0, false];
    for (let after = ''; ;) {
      const page = await database
        .selectFrom('ticket')
        .selectAll()
        .where('event', '=', record.id)
        .where('id', '>', after)
        .orderBy('id')
        .limit(pageRows)
        .execute();
      const rows = page.map((row) => encodeTicketRow(toTicket(row)));
      const spoken = rows.filter(hasLanguage);
      if (spoken.length > 0 && !isSpoken) file.execute(languageColumnSql);
      isSpoken ||= spoken.length > 0;
      file.insert(
        insertTicketSql,
        rows.filter((row) => !hasLanguage(row)),
      );
      if (isSpoken) file.insert(insertSpokenTicketSql, spoken);
      tickets += page.length;
      if (page.length < pageRows) break;
      after = page.at(-1)?.id ?? '';
      await setImmediate();
    }
    await insertCodes(database, file, record.id);
    if (record.policy.nft !== undefined) await insertTokens(database, file, record);
    file.insert(insertMetaSql, [
      ['format', snapshotFormat],
      ['event', record.id],
      ['version', version],
      ['tickets', tickets],
    ]);
    file.vacuumInto(compact);
    const { packed, plain } = await files.writeGzipOf(compact);
    await noteFile(deps, record.id, packed);
    return { snapshot: { version, tickets, ...packed, database: plain }, deltas: [] };
  } finally {
    file.close();
    await rm(raw, { force: true });
    await rm(compact, { force: true });
  }
}

/** All codes, also those that a transfer has killed: their epoch tells a gate that they were replaced. */
async function insertCodes(database: Database, file: SqliteFile, event: number): Promise<void> {
  for (let after = ''; ;) {
    const page = await database
      .selectFrom('ticket_code')
      .selectAll()
      .where('event', '=', event)
      .where('hash', '>', after)
      .orderBy('hash')
      .limit(pageRows)
      .execute();
    file.insert(insertCodeSql, page.map(toCodeRow));
    if (page.length < pageRows) return;
    after = page.at(-1)?.hash ?? '';
    await setImmediate();
  }
}

/** A table that only such events have: a gate too old to know it takes every other one. */
async function insertTokens(database: Database, file: SqliteFile, record: EventRecord): Promise<void> {
  file.execute(tokenTableSql);
  for (let after: string | undefined = ''; after !== undefined;) {
    const page = await readTokenPage(database, record, { after, limit: pageRows });
    file.insert(insertTokenSql, page.rows);
    after = page.last;
    await setImmediate();
  }
}

function toCodeRow(row: Selectable<Schema['ticket_code']>): CodeRow {
  const hash = hexToBytes(row.hash);
  assert(hash !== undefined, 'a code hash is hexadecimal');
  return encodeCodeRow(hash, row.ticket, row.epoch);
}

async function noteFile({ database, clock }: FeedContentDeps, event: number, reference: FileReference): Promise<void> {
  await database
    .insertInto('feed_file')
    .values({ ...reference, event, created_at_ms: clock.wallMs() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Versions and files that no gate can still be fetching go; the newest two versions stay whatever their age. */
export async function forgetOldContent(
  { database, files, clock }: FeedContentDeps,
  { event, version: newest }: FeedRow,
): Promise<void> {
  const before = clock.wallMs() - keptForMs;
  const old = await database
    .deleteFrom('feed')
    .where('event', '=', event)
    .where('version', '<', newest - 1)
    .where('created_at_ms', '<', before)
    .returning('version')
    .execute();
  if (old.length === 0) return;
  const kept = await database.selectFrom('feed').select('files').where('event', '=', event).execute();
  const named = new Set(kept.flatMap((row) => hashesOf(namedFiles(row))));
  const known = await database
    .selectFrom('feed_file')
    .select('sha256')
    .where('event', '=', event)
    .where('created_at_ms', '<', before)
    .execute();
  for (const { sha256 } of known) {
    if (named.has(sha256)) continue;
    await database.deleteFrom('feed_file').where('sha256', '=', sha256).execute();
    await files.remove(sha256);
  }
}

const hashesOf = ({ snapshot, deltas }: NamedFiles): readonly string[] => [
  snapshot.sha256,
  ...deltas.map((delta) => delta.sha256),
];

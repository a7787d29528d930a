// Brings tickets of another system in, however many: some at a time, each batch a transaction of its own, so that an import that was cut
// off is finished by running it again. A ticket that is as the source says is left alone; one that differs is changed. Gates hear of all
// of it at once: the rows lie ready under the event's next revision, which is raised when the last of them is there.
import {
  bytesToHex,
  err,
  foreignTicketId,
  importErrorsMax,
  ok,
  type Clock,
  type Random,
  type Result,
} from '@postern/shared';
import { setImmediate } from 'node:timers/promises';
import type { Database, Queries } from '../store/database.ts';
import { createRowBatch } from '../store/insert-rows.ts';
import { lockAlone, lockTickets } from '../store/locks.ts';
import {
  hasCodes,
  hasUnpublishedRows,
  lockRevision,
  lockTicketRows,
  readKnownTickets,
  removeHolders,
} from '../store/ticket-bulk.ts';
import { transact } from '../store/transact.ts';
import type { Audit, AuditActor, AuditRecord } from './audit.ts';
import { raiseRevision, readEvent, type EventRecord } from './events.ts';
import type { Failure } from './problems.ts';
import { createRowIndex, type RowIndex } from './row-index.ts';
import { deriveAnew } from './ticket-changes.ts';
import { isEmptyHolder, toHolderRow } from './ticket-holders.ts';
import {
  isInFeed,
  isRefused,
  planImport,
  type Change,
  type ChangedField,
  type Creation,
  type ImportStep,
  type KeyedTicket,
  type RefusedTicket,
  type WantedTicket,
} from './ticket-import-plan.ts';
import { hashCode, printedCode } from './ticket-issue.ts';

/** Tickets of one transaction: some tens of milliseconds in which no other writes on SQLite. */
export const ticketsPerBatch = 1_000;
/**
 * Tickets that are put in the order of their ids before they are divided into batches. Ids of codes are hashes: without this a batch
 * would write to as many pages of each index as it has tickets, and a million tickets would be some tens of gigabytes of journal.
 */
const ticketsPerWindow = 100_000;
/** Times that somebody else may come first to a batch. */
const attemptsMax = 20;
const importIdBytes = 8;

export interface TicketImportOptions {
  /** Only says what would happen. */
  readonly dryRun: boolean;
  /** Cancelled and blocked tickets become valid again where the source says so. */
  readonly reinstates?: boolean;
  readonly by: AuditActor;
  /** Where the tickets come from, for the audit log: `csv`, `pretix`. */
  readonly source: string;
  /** Ends the import after the batch that it is at. What is in stays in. */
  readonly signal?: AbortSignal | undefined;
  /** First in every transaction that writes: throws where the import is no longer ours. */
  readonly fence?: ((queries: Queries) => Promise<void>) | undefined;
  readonly progressed?: ((report: TicketImportReport) => void) | undefined;
}

/** What was done, or would be. */
export interface TicketImportReport {
  readonly rows: number;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
  /** How many tickets change in what. */
  readonly changes: Readonly<Partial<Record<ChangedField, number>>>;
  /** The first of those that were refused. */
  readonly errors: readonly RefusedTicket[];
}

export interface TicketImports {
  /** `event-unknown`, or `store-unavailable` where others change the same tickets without end: it can be run again. */
  readonly run: (
    event: number,
    wanted: AsyncIterable<WantedTicket | RefusedTicket> | Iterable<WantedTicket | RefusedTicket>,
    options: TicketImportOptions,
  ) => Promise<Result<TicketImportReport, Failure>>;
}

export interface TicketImportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: Pick<Audit, 'record'>;
  /** Tells the feed that tickets of an event have changed. */
  readonly changed: (event: number) => void;
}

/** Somebody has changed what a batch is about since it was read. */
interface Overtaken {
  readonly type: 'overtaken';
}
type Planned = { readonly wanted: KeyedTicket; readonly step: ImportStep } | RefusedTicket;

export function createTicketImports({ database, clock, random, audit, changed }: TicketImportsDeps): TicketImports {
  const run: TicketImports['run'] = async (eventId, source, options) => {
    const record = await readEvent(database, eventId);
    if (record === undefined) return err({ type: 'event-unknown' });
    const id = bytesToHex(random(importIdBytes));
    const entry = (details: NonNullable<AuditRecord['details']>): AuditRecord => ({
      action: 'tickets-imported',
      actor: options.by,
      event: eventId,
      subject: id,
      details: { source: options.source, ...details },
    });
    const report = createReport();
    const seen = createRowIndex();
    let hasBegun = false;

    const plan = async (queries: Queries, event: EventRecord, batch: Batch): Promise<readonly Planned[]> => {
      const known = await readKnownTickets(queries, eventId, keysOf(batch));
      const rules = { event, reinstates: options.reinstates === true, nowMs: clock.wallMs() };
      return batch.map((wanted) =>
        isRefused(wanted) ? wanted : { wanted, step: onlyOnce(wanted, planImport(wanted, known, rules), seen) },
      );
    };
    const write = (batch: Batch): Promise<Result<readonly Planned[], Failure | Overtaken>> =>
      transact<readonly Planned[], Failure | Overtaken>(database, async (queries) => {
        await options.fence?.(queries);
        // Rows of two imports would otherwise be looked for and then made by both.
        await lockAlone(queries, `ticket-import/${eventId}`);
        const event = await readEvent(queries, eventId);
        if (event === undefined) return err({ type: 'event-unknown' });
        const planned = await plan(queries, event, batch);
        const steps = planned.flatMap((one) => (isRefused(one) ? [] : one.step));
        const creations = steps.filter((step) => step.type === 'create');
        const changes = steps.filter((step) => step.type === 'change');
        if (creations.length + changes.length === 0) return ok(planned);
        const revision = await lockForImport(queries, event, creations, changes);
        if (revision === undefined) return err({ type: 'overtaken' });
        // The rows lie under the next revision until it is raised.
        await store(queries, eventId, revision + 1, creations, changes);
        await deriveAnew(queries, clock, eventId, changes.map(toColumns));
        if (!hasBegun) await audit.record(queries, entry({ state: 'begun' }));
        return ok(planned);
      });
    const work = async (batch: Batch): Promise<Result<readonly Planned[], Failure>> => {
      if (options.dryRun) return ok(await plan(database, record, batch));
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const written = await write(batch);
        if (written.ok) {
          hasBegun ||= written.value.some((one) => !isRefused(one) && isWritten(one.step));
          return written;
        }
        if (written.error.type !== 'overtaken') return err(written.error);
      }
      return err({ type: 'store-unavailable' });
    };
    /** What is in counts, however the import has ended. */
    const finish = async (): Promise<void> => {
      if (options.dryRun) return;
      const { errors: _errors, changes: _changes, ...counts } = report.read();
      const raised = await database.transaction().execute(async (queries) => {
        await options.fence?.(queries);
        const revision = await lockRevision(queries, eventId);
        const isWaiting = revision !== undefined && (await hasUnpublishedRows(queries, eventId, revision));
        if (isWaiting) await raiseRevision(queries, eventId);
        await audit.record(queries, entry({ state: 'done', ...counts }));
        return isWaiting;
      });
      if (raised) changed(eventId);
    };

    for await (const batch of inBatches(record, source)) {
      const planned = await work(batch);
      if (!planned.ok) {
        await finish();
        return planned;
      }
      for (const one of planned.value) report.add(one);
      options.progressed?.(report.read());
      if (options.signal?.aborted === true) break;
      await setImmediate();
    }
    await finish();
    return ok(report.read());
  };
  return { run };
}

type Batch = readonly (KeyedTicket | RefusedTicket)[];

function keyTicket(event: EventRecord, wanted: WantedTicket): KeyedTicket {
  if ('ticket' in wanted.key) return { ...wanted, id: wanted.key.ticket, hash: undefined };
  const code = printedCode(wanted.key.code);
  return { ...wanted, id: foreignTicketId(event.id, code), hash: hashCode(event, code) };
}

function keysOf(batch: Batch): { readonly codes: readonly string[]; readonly ids: readonly string[] } {
  const keyed = batch.flatMap((one) => (isRefused(one) ? [] : one));
  return {
    codes: keyed.flatMap(({ hash }) => hash ?? []),
    ids: keyed.flatMap(({ hash, id }) => (hash === undefined ? id : [])),
  };
}

/** A ticket cannot be two things; nor may it be the second one where the first was refused, or the next time would make it that. */
function onlyOnce({ row }: KeyedTicket, step: ImportStep, seen: RowIndex): ImportStep {
  const earlier = step.ticketId === undefined ? undefined : seen.firstRow(step.ticketId, row);
  return earlier === undefined || earlier === row
    ? step
    : { type: 'refuse', problem: `the same ticket as row ${earlier}: keep one of the two` };
}

/**
 * Keeps what a batch is about to its transaction, in the order of whoever changes one ticket: the ticket, its marks, the event. Answers with
 * the event's revision; undefined where what was read is so no longer.
 */
async function lockForImport(
  queries: Queries,
  event: EventRecord,
  creations: readonly Creation[],
  changes: readonly Change[],
): Promise<number | undefined> {
  const rows = changes.map(({ before }) => before);
  if (!(await lockTicketRows(queries, event.id, rows))) return undefined;
  await lockTickets(
    queries,
    event.id,
    changes.filter(isInFeed).map(({ ticketId }) => ticketId),
  );
  const revision = await lockRevision(queries, event.id);
  // Whoever issues tickets has the event's revision first, so nobody makes one of these codes from now on.
  const codes = creations.flatMap(({ rows: { code } }) => code?.hash ?? []);
  if (await hasCodes(queries, event.id, codes)) return undefined;
  const now = await readEvent(queries, event.id);
  return now?.policy === event.policy ? revision : undefined;
}

async function store(
  queries: Queries,
  event: number,
  revision: number,
  creations: readonly Creation[],
  changes: readonly Change[],
): Promise<void> {
  const batch = createRowBatch();
  batch.add(
    'ticket',
    creations.map(({ rows }) => ({ ...rows.row, revision })),
  );
  batch.add(
    'ticket_code',
    creations.flatMap(({ rows: { code } }) => (code === undefined ? [] : { ...code, revision })),
  );
  batch.add(
    'ticket_holder',
    creations.flatMap(({ ticketId, holder }) => (holder === undefined ? [] : toHolderRow(event, ticketId, holder))),
  );
  const rows = changes.map((change) => (isInFeed(change) ? { ...change.after, revision } : change.after));
  batch.add('ticket', rows, 'replace');
  const held = changes.flatMap(({ ticketId, holder }) => (holder === undefined ? [] : [{ ticketId, holder }]));
  const isKept = ({ holder }: (typeof held)[number]): boolean => !isEmptyHolder(holder);
  batch.add(
    'ticket_holder',
    held.filter(isKept).map(({ ticketId, holder }) => toHolderRow(event, ticketId, holder)),
    'replace',
  );
  await batch.write(queries);
  await removeHolders(
    queries,
    event,
    held.filter((one) => !isKept(one)).map(({ ticketId }) => ticketId),
  );
}

/** What decides how the marks of a ticket are read, where it changes. */
const toColumns = ({ ticketId, fields, after: { type, party } }: Change): Parameters<typeof deriveAnew>[3][number] => ({
  id: ticketId,
  columns: { ...(fields.includes('type') ? { type } : {}), ...(fields.includes('party') ? { party } : {}) },
});

const isWritten = ({ type }: ImportStep): boolean => type === 'create' || type === 'change';

function createReport(): { readonly add: (one: Planned) => void; readonly read: () => TicketImportReport } {
  const counts = { rows: 0, created: 0, changed: 0, unchanged: 0, refused: 0 };
  const changes: Partial<Record<ChangedField, number>> = {};
  let errors: RefusedTicket[] = [];
  const refuse = (one: RefusedTicket): void => {
    counts.refused += 1;
    errors.push(one);
    if (errors.length >= 2 * importErrorsMax) errors = firstOf(errors);
  };
  return {
    add: (one) => {
      counts.rows += 1;
      if (isRefused(one)) return refuse(one);
      const { wanted, step } = one;
      if (step.type === 'refuse') refuse({ row: wanted.row, line: wanted.line, problem: step.problem });
      else if (step.type === 'create') counts.created += 1;
      else if (step.type === 'unchanged') counts.unchanged += 1;
      else {
        counts.changed += 1;
        for (const field of step.fields) changes[field] = (changes[field] ?? 0) + 1;
      }
      return undefined;
    },
    read: () => ({ ...counts, changes: { ...changes }, errors: firstOf(errors) }),
  };
}

const firstOf = (errors: readonly RefusedTicket[]): RefusedTicket[] =>
  errors.toSorted((one, other) => one.row - other.row).slice(0, importErrorsMax);

async function* inBatches(
  event: EventRecord,
  source: AsyncIterable<WantedTicket | RefusedTicket> | Iterable<WantedTicket | RefusedTicket>,
): AsyncGenerator<Batch> {
  let window: (KeyedTicket | RefusedTicket)[] = [];
  for await (const one of source) {
    window.push(isRefused(one) ? one : keyTicket(event, one));
    if (window.length < ticketsPerWindow) continue;
    yield* divide(window);
    window = [];
  }
  yield* divide(window);
}

function* divide(window: (KeyedTicket | RefusedTicket)[]): Generator<Batch> {
  const idOf = (one: KeyedTicket | RefusedTicket): string => (isRefused(one) ? '' : one.id);
  // Rows of one ticket stay in their order.
  window.sort((one, other) => (idOf(one) < idOf(other) ? -1 : idOf(one) > idOf(other) ? 1 : 0));
  for (let start = 0; start < window.length; start += ticketsPerBatch)
    yield window.slice(start, start + ticketsPerBatch);
}

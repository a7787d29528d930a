// Brings tickets of another system in, however many: some at a time, each batch a transaction of its own, so that an import that was cut
// off is finished by running it again. A ticket that is as the source says is left alone; one that differs is changed. Gates hear of all
// of it at once: the rows lie ready under the event's next revision, which is raised when the last of them is there.
import { bytesToHex, err, ok, type Clock, type Random, type Result } from '@postern/shared';
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
import { inBatches, keysOf, type Batch, type Wanted } from './ticket-import-batches.ts';
import {
  isInFeed,
  isRefused,
  planImport,
  type Change,
  type Creation,
  type ImportStep,
  type KeyedTicket,
} from './ticket-import-plan.ts';
import { createReport, type Planned, type TicketImportReport } from './ticket-import-report.ts';
import type { Outbox } from './webhooks/outbox.ts';

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

export interface TicketImports {
  /** `event-unknown`, or `store-unavailable` where others change the same tickets without end: it can be run again. */
  readonly run: (
    event: number,
    wanted: Wanted,
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
  /** Tells other systems what has become of tickets. */
  readonly tell: Outbox['tellTickets'];
}

/** Somebody has changed what a batch is about since it was read. */
interface Overtaken {
  readonly type: 'overtaken';
}

export function createTicketImports({
  database,
  clock,
  random,
  audit,
  changed,
  tell,
}: TicketImportsDeps): TicketImports {
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
        for (const [type, ids] of groupNews(creations, changes)) await tell(queries, eventId, type, ids);
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

type News = Parameters<Outbox['tellTickets']>[2];

/** What other systems are told of a batch, by what has become of its tickets. */
function groupNews(creations: readonly Creation[], changes: readonly Change[]): ReadonlyMap<News, readonly string[]> {
  const news = new Map<News, string[]>();
  if (creations.length > 0)
    news.set(
      'ticket.created',
      creations.map(({ ticketId }) => ticketId),
    );
  for (const { ticketId, before, after } of changes) {
    const type = typeOfNews(before.status, after.status);
    const ids = news.get(type) ?? [];
    ids.push(ticketId);
    news.set(type, ids);
  }
  return news;
}

function typeOfNews(before: string, after: string): News {
  if (before === after) return 'ticket.changed';
  if (after === 'revoked') return 'ticket.revoked';
  return before === 'revoked' || before === 'blocked' ? 'ticket.reinstated' : 'ticket.changed';
}

const isWritten = ({ type }: ImportStep): boolean => type === 'create' || type === 'change';

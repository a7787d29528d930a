// The audit log of this process: an append-only chain of entries whose heads are signed, hourly and at an orderly end. `record` works in
// the caller's transaction, so that an action and its entry are there together or not at all; the chain's place is taken and its tip
// read inside that transaction, under the lock of the chain's row, so that one rolled back leaves no gap.
//
// Cost: `record` is two statements however many entries it gets, and the row lock makes the audited transactions of ONE process
// commit one after the other (every process has a chain of its own). So it comes last in a transaction, and who has much to record
// hands it over at once.
import {
  bytesToHex,
  type AuditAction,
  type AuditActorKind,
  type Clock,
  type Logger,
  type Random,
  type Timer,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { createRowBatch, type RowBatch } from '../store/insert-rows.ts';
import { lockTickets } from '../store/locks.ts';
import {
  commitmentOf,
  commitmentsToText,
  entryHash,
  noHash,
  type Commitments,
  type EntryRow,
  type PersonalField,
} from './audit-chain.ts';
import { columnsOf, personalOf } from './audit-columns.ts';
import { readTip, storeHead, sumErasure, type Tip } from './audit-heads.ts';
import type { AuditSigner } from './audit-keys.ts';
import type { WatchedWork } from './jobs/watched-work.ts';

/** Who did it. `id` is a pseudonym and stays in the chain; `name` is personal and can be erased. */
export interface AuditActor {
  readonly kind: AuditActorKind;
  readonly id: string;
  readonly name?: string;
}

/** What was done. Texts are cut to their maxima; `note` must not hold secrets. */
export interface AuditRecord {
  readonly action: AuditAction;
  readonly actor: AuditActor;
  /** Absent where it concerns no event. */
  readonly event?: number;
  readonly gate?: string;
  readonly method?: string;
  readonly ticket?: string;
  /** What was acted upon, where it is no ticket: the id of a user, key, client, … */
  readonly subject?: string;
  /** Refusal code, problem type, or why. */
  readonly reason?: string;
  readonly requestId?: string;
  /** markKey of the mark written in the same transaction. */
  readonly mark?: string;
  /** Few facts that name nobody. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly address?: string;
  readonly device?: string;
  readonly note?: string;
}

/** What a service knows of an action and a request does not say. */
export type AuditAddition = Partial<
  Pick<AuditRecord, 'actor' | 'action' | 'event' | 'gate' | 'details' | 'mark' | 'reason' | 'subject' | 'ticket'>
>;
/** The entry of a request, for the service that writes it in the transaction of its work. */
export type EntryOf = (addition: AuditAddition) => AuditRecord;
/** Who acts when nobody has asked over HTTP: a schedule, a command. */
export const systemActor: AuditActor = { kind: 'system', id: 'cloud-sync' };

/** Whose personal fields go. */
export type ErasureFilter =
  | { readonly actor: Pick<AuditActor, 'kind' | 'id'> }
  | { readonly ticket: string }
  /** Of entries about an event, at most so many fields at a time. */
  | { readonly event: number; readonly fieldsMax: number }
  | { readonly field: PersonalField; readonly value: string };

export interface Audit {
  /**
   * Appends in `queries`' transaction, in order; through `batch` where the caller has one and writes it. Throws when somebody else has
   * changed the chain: nothing is then recorded or done.
   */
  readonly record: (queries: Queries, entries: AuditRecord | readonly AuditRecord[], batch?: RowBatch) => Promise<void>;
  /** Empties the personal fields that `filter` finds, value and salt, and records that it did; answers how many. */
  readonly erase: (queries: Queries, filter: ErasureFilter, by: AuditActor, requestId?: string) => Promise<number>;
  /** Signs the chain's present head, if it has grown. */
  readonly sign: () => Promise<void>;
  /** Signs hourly until `close`. */
  readonly start: () => void;
  /** The last entry and its head; nothing where nothing was recorded. */
  readonly close: () => Promise<void>;
}

export interface AuditDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly signer: AuditSigner;
  readonly log: Logger;
  /** Is told of every head that the schedule has signed. */
  readonly note?: WatchedWork['note'];
  /** Follows every entry that tells of a use without a mark, in the same transaction. */
  readonly used?: (queries: Queries, entries: readonly EntryRow[]) => Promise<void>;
}

export const signEveryMs = 3_600_000;
const chainBytes = 16;
const saltBytes = 16;
/** Tips remembered: more than one transaction ever writes between two reads of the chain. */
const tipsMax = 1_024;
const startTriesMax = 20;

export function createAudit({ database, clock, random, timer, signer, log, note, used }: AuditDeps): Audit {
  const chain = bytesToHex(random(chainBytes));
  /** Hashes that this process has written or read as its tip, the latest used last: a tip that is not among them is somebody else's. */
  const ownTips = new Set<string>();
  /** What is signed is committed: the chain never again ends before it. */
  let signedSequence = 0;
  let stopTimer: (() => void) | undefined;

  const own = (hash: string): void => {
    ownTips.delete(hash);
    ownTips.add(hash);
    const [oldest] = ownTips;
    if (ownTips.size > tipsMax && oldest !== undefined) ownTips.delete(oldest);
  };
  const assertOwn = (tip: Tip | undefined): Tip => {
    if (tip !== undefined && tip.sequence >= signedSequence && ownTips.has(tip.hash)) return tip;
    log.error({ chain, sequence: tip?.sequence ?? 0 }, 'the audit chain of this process was changed by somebody else');
    throw new Error('the audit chain of this process was changed by somebody else');
  };

  /** Takes `count` places; undefined where the chain has not begun. */
  const takePlaces = async (queries: Queries, count: number): Promise<Tip | undefined> => {
    const row = await queries
      .updateTable('audit_chain')
      .set(({ eb }) => ({ tip_sequence: eb('tip_sequence', '+', count) }))
      .where('id', '=', chain)
      .returning([
        'tip_sequence',
        (eb) =>
          eb
            .selectFrom('audit_entry')
            .select('hash')
            .where('chain', '=', chain)
            .whereRef('sequence', '=', eb('audit_chain.tip_sequence', '-', count))
            .as('hash'),
      ])
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const sequence = row.tip_sequence - count;
    // What was committed while this statement waited for the row is only seen by the next one.
    const tip = assertOwn(row.hash === null ? await readTip(queries, chain, sequence) : { sequence, hash: row.hash });
    own(tip.hash);
    return tip;
  };

  const append = async (
    queries: Queries,
    batch: RowBatch,
    tip: Tip,
    records: readonly AuditRecord[],
    atMs = clock.wallMs(),
  ): Promise<void> => {
    const entries: EntryRow[] = [];
    const fields: FieldRow[] = [];
    let { sequence, hash } = tip;
    const personals = records.map(personalOf);
    const salts = random(saltBytes * personals.flat().length);
    let salted = 0;
    for (const [index, record] of records.entries()) {
      sequence += 1;
      const personal = (personals[index] ?? []).map(([field, value]) => {
        const salt = bytesToHex(salts.subarray(salted, (salted += saltBytes)));
        return { chain, sequence, field, value, salt, commitment: commitmentOf(chain, sequence, field, salt, value) };
      });
      const commitments: Commitments = Object.fromEntries(personal.map((row) => [row.field, row.commitment]));
      const row = { chain, sequence, ...columnsOf(record, atMs) };
      hash = entryHash(hash, row, commitments);
      entries.push({ ...row, fields: commitmentsToText(commitments), hash });
      fields.push(...personal.map(({ commitment: _commitment, ...field }) => ({ ...field, erasure: null })));
    }
    batch.add('audit_entry', entries);
    batch.add('audit_field', fields);
    own(hash);
    const uses = entries.filter((row) => isUse(row) && row.mark === null);
    if (uses.length > 0) await used?.(queries, uses);
  };

  const appendNow = async (
    queries: Queries,
    ...what: readonly [Tip, readonly AuditRecord[], number?]
  ): Promise<void> => {
    const batch = createRowBatch();
    await append(queries, batch, ...what);
    await batch.write(queries);
  };

  /** Unless another transaction has begun the chain. The first entry names the chain before and where it stood, so that a chain that goes missing is missed. */
  const begin = async (queries: Queries): Promise<void> => {
    const atMs = clock.wallMs();
    for (let tries = 0; tries < startTriesMax; tries++) {
      const before = await queries
        .selectFrom('audit_chain')
        .select(['id', 'number', 'tip_sequence'])
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst();
      const number = (before?.number ?? 0) + 1;
      const started = await queries
        .insertInto('audit_chain')
        .values({ id: chain, number, started_at_ms: atMs, tip_sequence: 1, signed_sequence: 0, closed: 0 })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst();
      if (started === undefined) {
        // Another transaction of ours has begun the chain, or another process has taken the number: committed, it can be seen now.
        const begun = await queries.selectFrom('audit_chain').select('id').where('id', '=', chain).executeTakeFirst();
        if (begun !== undefined) return;
        continue;
      }
      const tip = before === undefined ? undefined : await readTip(queries, before.id, before.tip_sequence);
      const details = {
        number,
        ...(before === undefined
          ? {}
          : { previous: before.id, previousSequence: before.tip_sequence, previousHash: tip?.hash ?? noHash }),
      };
      await appendNow(
        queries,
        { sequence: 0, hash: noHash },
        [{ action: 'chain-started', actor: systemActor, details }],
        atMs,
      );
      return;
    }
    throw new Error('no number was free for a new audit chain');
  };

  const record: Audit['record'] = async (queries, entries, batch) => {
    const records = isList(entries) ? entries : [entries];
    if (records.length === 0) return;
    await lockUsed(queries, records);
    let tip = await takePlaces(queries, records.length);
    if (tip === undefined) {
      await begin(queries);
      tip = assertOwn(await takePlaces(queries, records.length));
    }
    if (batch === undefined) await appendNow(queries, tip, records);
    else await append(queries, batch, tip, records);
  };

  /** The sequence up to which the chain is now signed. */
  const signHead = async (queries: Queries, closed: 0 | 1): Promise<number> => {
    const row = await queries
      .selectFrom('audit_chain')
      .select(['tip_sequence', 'signed_sequence'])
      .where('id', '=', chain)
      .executeTakeFirst();
    if (row === undefined) return 0;
    const tip = assertOwn(await readTip(queries, chain, row.tip_sequence));
    if (tip.sequence > row.signed_sequence)
      await storeHead(queries, { signer, clock, log }, { chain, tip, previous: row.signed_sequence, closed });
    return tip.sequence;
  };
  const sign: Audit['sign'] = async () => {
    signedSequence = await database.transaction().execute((queries) => signHead(queries, 0));
  };

  const signBySchedule = async (): Promise<void> => {
    const startedAtMs = clock.wallMs();
    try {
      const before = signedSequence;
      await sign();
      const entries = signedSequence - before;
      const summary = `Signed ${entries} new entries of this process.`;
      note?.('audit-heads', 0, startedAtMs, { result: { counts: { entries }, summary } });
    } catch (cause) {
      log.error({ cause: String(cause) }, 'the audit chain could not be signed');
      const detail = 'The head of the audit log could not be signed; the log says why.';
      note?.('audit-heads', 0, startedAtMs, { failure: { type: 'internal-error', detail } });
    }
    if (stopTimer !== undefined) signLater();
  };

  const signLater = (): void => {
    stopTimer = timer.after(signEveryMs, () => {
      void signBySchedule();
    });
  };

  return {
    record,

    erase: async (queries, filter, by, requestId) => {
      const erasure = bytesToHex(random(chainBytes));
      await queries
        .updateTable('audit_field')
        .set({ value: null, salt: null, erasure })
        .where('value', 'is not', null)
        .where((where) => {
          if ('field' in filter)
            return where.and([where('field', '=', filter.field), where('value', '=', filter.value)]);
          if ('event' in filter) {
            const fields = where
              .selectFrom('audit_field as field')
              .innerJoin('audit_entry as entry', (join) =>
                join.onRef('entry.chain', '=', 'field.chain').onRef('entry.sequence', '=', 'field.sequence'),
              )
              .select(['field.chain', 'field.sequence', 'field.field'])
              .where('entry.event', '=', filter.event)
              .where('field.value', 'is not', null)
              .limit(filter.fieldsMax);
            return where(
              where.refTuple('chain', 'sequence', 'field'),
              'in',
              fields.$asTuple('chain', 'sequence', 'field'),
            );
          }
          const entries = where.selectFrom('audit_entry').select(['chain', 'sequence']);
          const found =
            'ticket' in filter
              ? entries.where('ticket', '=', filter.ticket)
              : entries.where('actor', '=', filter.actor.id).where('actor_kind', '=', filter.actor.kind);
          return where(where.refTuple('chain', 'sequence'), 'in', found.$asTuple('chain', 'sequence'));
        })
        .execute();
      const emptied = await sumErasure(queries, erasure);
      await record(queries, {
        action: 'erasure',
        actor: by,
        subject: erasure,
        details: { ...emptied },
        ...(requestId === undefined ? {} : { requestId }),
      });
      return emptied.fields;
    },

    sign,

    start: () => {
      if (stopTimer === undefined) signLater();
    },

    close: async () => {
      stopTimer?.();
      stopTimer = undefined;
      await database.transaction().execute(async (queries) => {
        const tip = await takePlaces(queries, 1);
        if (tip === undefined) return;
        await appendNow(queries, tip, [{ action: 'chain-closed', actor: systemActor }]);
        await signHead(queries, 1);
      });
    },
  };
}

interface FieldRow {
  readonly chain: string;
  readonly sequence: number;
  readonly field: PersonalField;
  readonly value: string;
  readonly salt: string;
  readonly erasure: null;
}

const isUse = ({ action }: { readonly action: string }): boolean => action === 'verify' || action === 'refusal';

/** Tickets first and the chain last, as in every transaction that records: else two could wait for each other. */
async function lockUsed(queries: Queries, records: readonly AuditRecord[]): Promise<void> {
  const ticketsByEvent = new Map<number, string[]>();
  for (const { event, ticket, mark, action } of records)
    if (event !== undefined && ticket !== undefined && mark === undefined && isUse({ action }))
      ticketsByEvent.set(event, [...(ticketsByEvent.get(event) ?? []), ticket]);
  for (const [event, tickets] of ticketsByEvent) await lockTickets(queries, event, tickets);
}

const isList = (entries: AuditRecord | readonly AuditRecord[]): entries is readonly AuditRecord[] =>
  Array.isArray(entries);

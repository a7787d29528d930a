// Brings the list of suspicious uses up to date: after new uses for the tickets and event days they belong to, and anew for a whole
// event. One row a ticket, kind and day; later uses extend it; what a person has made of it is never touched. Each (ticket, day) is
// looked at as a whole, over a bounded number of uses, so that neither order nor repetition matters.
import {
  defaultSuspicionRules,
  eventDay,
  eventDayBounds,
  type AdmissionPolicy,
  type SuspicionRules,
} from '@postern/shared';
import { sql } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import type { RowBatch } from '../store/insert-rows.ts';
import { lockTickets, withTicketsLocked } from '../store/locks.ts';
import type { UsageRow } from '../store/usage.ts';
import { readEvent } from './events.ts';
import { followCases } from './suspicion-cases.ts';
import { dropSuspicions, storeSuspicion } from './suspicion-rows.ts';
import { findSuspicions, placelessGates, presenceKinds, usesPerDayMax } from './suspicion-rules.ts';

interface EventRules {
  readonly policy: AdmissionPolicy;
  readonly rules: SuspicionRules;
}

/**
 * Derives what new uses of one event bear on; after their stories and cases, in the same transaction. `batch` has the uses, and is written
 * before anything is looked up; `disputed` are the tickets whose cases may have changed.
 */
export async function deriveSuspicions(
  queries: Queries,
  batch: RowBatch,
  event: number,
  uses: readonly UsageRow[],
  disputed: readonly string[],
): Promise<void> {
  const tickets = [...new Set(uses.flatMap((use) => use.ticket ?? []))];
  if (tickets.length === 0) return;
  await lockTickets(queries, event, tickets);
  const placed = placedOf(uses);
  const isPlain = placed.length === 0 && uses.every((use) => use.kind !== 'refused');
  // What was let in centrally is at no place, and refused to nobody: most of what comes in numbers.
  if (isPlain && disputed.length === 0) return;
  await batch.write(queries);
  if (isPlain) return followCases(queries, event, disputed);
  const rules = await readSuspicionRules(queries, event);
  const travels = await findTravels(queries, event, rules, placed);
  const moments = [
    ...uses.filter((use) => use.kind === 'refused'),
    ...travels,
    // The earlier one of a pair may be the last of its day.
    ...travels.map(({ ticket, at_ms }) => ({ ticket, at_ms: at_ms + rules.travelMinMs })),
  ];
  // Most uses stop here: the event's policy is long, and only what was found needs its days.
  const record = moments.length === 0 ? undefined : await readEvent(queries, event);
  if (record !== undefined) {
    const { policy } = record;
    const days = new Map<string, { readonly ticket: string; readonly day: string }>();
    for (const { ticket, at_ms } of moments) {
      const day = eventDay(at_ms, policy);
      if (ticket !== null) days.set(`${ticket} ${day}`, { ticket, day });
    }
    for (const { ticket, day } of days.values()) await deriveDay(queries, event, { policy, rules }, ticket, day);
  }
  await followCases(queries, event, disputed);
}

/** Derives everything of an event anew; a page of tickets at a time, each in a transaction. */
export async function rebuildSuspicions(database: Database, event: number): Promise<void> {
  await database.transaction().execute(async (queries) => {
    await queries.deleteFrom('suspicion').where('event', '=', event).where('changed_at_ms', 'is', null).execute();
    await queries.updateTable('suspicion').set({ holds: 0 }).where('event', '=', event).execute();
  });
  await withTicketsLocked(database, 'usage', event, async (queries, tickets) => {
    const about = await readRules(queries, event);
    if (about === undefined) return;
    for (const ticket of await suspectsOf(queries, event, tickets, about.rules))
      await deriveAllDays(queries, event, about, ticket);
    await followCases(queries, event, tickets);
  });
}

export async function readSuspicionRules(queries: Queries, event: number): Promise<SuspicionRules> {
  const row = await queries.selectFrom('suspicion_rule').selectAll().where('event', '=', event).executeTakeFirst();
  return row === undefined ? defaultSuspicionRules : { travelMinMs: row.travel_min_ms, refusalsMin: row.refusals_min };
}

async function readRules(queries: Queries, event: number): Promise<EventRules | undefined> {
  const record = await readEvent(queries, event);
  return record === undefined ? undefined : { policy: record.policy, rules: await readSuspicionRules(queries, event) };
}

interface PlacedUse {
  readonly ticket: string;
  readonly gate: string;
  readonly at_ms: number;
}

/** Those that say where somebody was. */
const placedOf = (uses: readonly UsageRow[]): readonly PlacedUse[] =>
  uses.flatMap(({ ticket, gate, at_ms, kind }) =>
    ticket === null || placelessGates.includes(gate) || !presenceKinds.some((presence) => presence === kind)
      ? []
      : [{ ticket, gate, at_ms }],
  );

/**
 * Those of the uses that have another gate's within the time that nobody walks in. Asks for the tickets by name: how a database joins
 * a table of which it has no statistics yet is anybody's guess.
 */
async function findTravels(
  queries: Queries,
  event: number,
  { travelMinMs }: SuspicionRules,
  placed: readonly PlacedUse[],
): Promise<readonly PlacedUse[]> {
  if (placed.length === 0) return [];
  const times = placed.map(({ at_ms }) => at_ms);
  const others = await queries
    .selectFrom('usage')
    .select(['ticket', 'gate', 'at_ms'])
    .where('event', '=', event)
    .where('ticket', 'in', [...new Set(placed.map(({ ticket }) => ticket))])
    .where('at_ms', '>', Math.min(...times) - travelMinMs)
    .where('at_ms', '<', Math.max(...times) + travelMinMs)
    .where('gate', 'not in', placelessGates)
    .where('kind', 'in', presenceKinds)
    .execute();
  const byTicket = new Map<string, PlacedUse[]>();
  for (const { ticket, ...other } of others)
    if (ticket !== null) byTicket.set(ticket, [...(byTicket.get(ticket) ?? []), { ticket, ...other }]);
  return placed.filter((use) =>
    byTicket
      .get(use.ticket)
      ?.some((other) => other.gate !== use.gate && Math.abs(other.at_ms - use.at_ms) < travelMinMs),
  );
}

/** Tickets with a refusal, or at two gates within the time that nobody walks in. */
async function suspectsOf(
  queries: Queries,
  event: number,
  tickets: readonly string[],
  { travelMinMs }: SuspicionRules,
): Promise<ReadonlySet<string>> {
  const refused = await queries
    .selectFrom('usage')
    .select('ticket')
    .distinct()
    .where('event', '=', event)
    .where('ticket', 'in', tickets)
    .where('kind', '=', 'refused')
    .execute();
  const travelled = await queries
    .selectFrom('usage as use')
    .select('use.ticket')
    .distinct()
    .where('use.event', '=', event)
    .where('use.ticket', 'in', tickets)
    .where('use.kind', 'in', presenceKinds)
    .where((where) =>
      where.exists(
        where
          .selectFrom('usage as other')
          .select('other.sequence')
          .whereRef('other.event', '=', 'use.event')
          .whereRef('other.ticket', '=', 'use.ticket')
          .whereRef('other.gate', '!=', 'use.gate')
          .where('other.kind', 'in', presenceKinds)
          .where('other.at_ms', '>', sql<number>`use.at_ms - ${sql.lit(travelMinMs)}`)
          .whereRef('other.at_ms', '<=', 'use.at_ms'),
      ),
    )
    .execute();
  return new Set([...refused, ...travelled].flatMap((row) => row.ticket ?? []));
}

async function deriveAllDays(queries: Queries, event: number, about: EventRules, ticket: string): Promise<void> {
  for (let fromMs = 0; ;) {
    const next = await queries
      .selectFrom('usage')
      .select('at_ms')
      .where('event', '=', event)
      .where('ticket', '=', ticket)
      .where('at_ms', '>=', fromMs)
      .orderBy('at_ms')
      .limit(1)
      .executeTakeFirst();
    if (next === undefined) return;
    const day = eventDay(next.at_ms, about.policy);
    await deriveDay(queries, event, about, ticket, day);
    fromMs = Math.max(next.at_ms + 1, eventDayBounds(day, about.policy).toMs);
  }
}

async function deriveDay(
  queries: Queries,
  event: number,
  { policy, rules }: EventRules,
  ticket: string,
  day: string,
): Promise<void> {
  const bounds = eventDayBounds(day, policy);
  const uses = await queries
    .selectFrom('usage')
    .selectAll()
    .where('event', '=', event)
    .where('ticket', '=', ticket)
    .where('at_ms', '>=', bounds.fromMs - rules.travelMinMs)
    .where('at_ms', '<', bounds.toMs)
    .orderBy('at_ms')
    .orderBy('gate')
    .orderBy('boot')
    .orderBy('sequence')
    .limit(usesPerDayMax)
    .execute();
  const known = await queries
    .selectFrom('ticket')
    .select('party')
    .where('event', '=', event)
    .where('id', '=', ticket)
    .executeTakeFirst();
  const found = findSuspicions(uses, bounds, rules, known?.party ?? 1);
  for (const suspicion of found) await storeSuspicion(queries, event, ticket, day, suspicion);
  await dropSuspicions(
    queries,
    event,
    ticket,
    day,
    (['impossible-travel', 'many-refusals', 'code-replayed'] as const).filter((kind) =>
      found.every((suspicion) => suspicion.kind !== kind),
    ),
  );
}

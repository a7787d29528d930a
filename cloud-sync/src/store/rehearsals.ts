// Rehearsals as rows: those of whole events, and what gates have marked as rehearsed.
import { isRehearsalSwitch, type AdmissionPolicy, type Mark } from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Queries } from './database.ts';
import { readMark } from './mark-rows.ts';
import type { Schema } from './schema.ts';

export type RehearsalRow = Selectable<Schema['rehearsal']>;

/** More than people begin; a gate that wants to can write any number. */
const rehearsalsReadMax = 100;
const switchesReadMax = 5_000;
const sessionsReadMax = 500;

/** The latest first. */
export const readRehearsals = (queries: Queries, event: number): Promise<readonly RehearsalRow[]> =>
  queries
    .selectFrom('rehearsal')
    .selectAll()
    .where('event', '=', event)
    .orderBy('from_ms', 'desc')
    .limit(rehearsalsReadMax)
    .execute();

/** The event's rules with the rehearsal that nobody has ended; when it ends by itself, gates see from its times. */
export async function withRehearsal(queries: Queries, policy: AdmissionPolicy): Promise<AdmissionPolicy> {
  const row = await queries
    .selectFrom('rehearsal')
    .selectAll()
    .where('event', '=', policy.event)
    .where('ended_ms', 'is', null)
    .orderBy('from_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? policy : { ...policy, rehearsal: rulesOf(row) };
}

export const rulesOf = ({
  session,
  from_ms,
  until_ms,
}: Pick<RehearsalRow, 'session' | 'from_ms' | 'until_ms'>): NonNullable<AdmissionPolicy['rehearsal']> => ({
  session,
  fromS: Math.floor(from_ms / 1_000),
  untilS: Math.floor(until_ms / 1_000),
});

/** A rehearsal of the event, with the ticket lists that first said that it has begun, and that it is over, where there are any yet. */
export interface ToldRehearsal extends RehearsalRow {
  readonly begunIn: number | undefined;
  readonly endedIn: number | undefined;
}

/** Those whose time is not over, ended or not, the latest first. */
export async function readTold(queries: Queries, event: number, nowMs: number): Promise<readonly ToldRehearsal[]> {
  const rows = await queries
    .selectFrom('rehearsal')
    .selectAll()
    .select((rehearsal) =>
      (
        [
          ['from_ms', 'begun_in'],
          ['ended_ms', 'ended_in'],
        ] as const
      ).map(([since, as]) =>
        rehearsal
          .selectFrom('feed')
          .select(({ fn }) => fn.min<number | null>('version').as('version'))
          .where('feed.event', '=', event)
          .whereRef('feed.created_at_ms', '>=', `rehearsal.${since}`)
          .as(as),
      ),
    )
    .where('event', '=', event)
    .where('until_ms', '>', nowMs)
    .orderBy('from_ms', 'desc')
    .limit(rehearsalsReadMax)
    .execute();
  return rows.map(({ begun_in, ended_in, ...row }) => ({
    ...row,
    begunIn: begun_in ?? undefined,
    endedIn: ended_in ?? undefined,
  }));
}

/** By which gates have begun and left rehearsals, the latest first. */
export async function readSwitches(queries: Queries, event: number, sinceMs: number): Promise<readonly Mark[]> {
  const rows = await queries
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where('event', '=', event)
    .where('kind', 'in', ['rehearsal-begun', 'rehearsal-left'])
    .where('at_ms', '>=', sinceMs)
    .orderBy('at_ms', 'desc')
    .limit(switchesReadMax)
    .execute();
  return rows.flatMap((row) => readMark(row) ?? []).filter(isRehearsalSwitch);
}

export interface RehearsedOfGate {
  readonly gate: string;
  readonly session: string;
  readonly persons: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** In a session that is not the event's: whether people came in at other gates meanwhile. */
  readonly whileOthersCame: boolean;
}

/** By gate and session, those with the latest marks first. */
export async function readRehearsed(
  queries: Queries,
  event: number,
  sinceMs: number,
): Promise<readonly RehearsedOfGate[]> {
  const latest = queries
    .selectFrom('mark')
    .select(['gate', 'session', ({ fn }) => fn.sum<number>('count').as('persons')])
    .select(({ fn }) => [fn.min<number>('at_ms').as('first_ms'), fn.max<number>('at_ms').as('last_ms')])
    .where('event', '=', event)
    .where('session', 'is not', null)
    .groupBy(['gate', 'session'])
    .having(({ fn }) => fn.max('at_ms'), '>=', sinceMs)
    .orderBy('last_ms', 'desc')
    .limit(sessionsReadMax);
  const rows = await queries
    .selectFrom(latest.as('rehearsed'))
    .selectAll()
    .select((rehearsed) =>
      rehearsed
        .case()
        .when('rehearsed.session', 'in', queries.selectFrom('rehearsal').select('session').where('event', '=', event))
        .then(null)
        .else(
          rehearsed
            .selectFrom('entry')
            .select('entry.event')
            .where('entry.event', '=', event)
            .whereRef('entry.gate', '!=', 'rehearsed.gate')
            .whereRef('entry.at_ms', '>=', 'rehearsed.first_ms')
            .whereRef('entry.at_ms', '<=', 'rehearsed.last_ms')
            .limit(1),
        )
        .end()
        .as('others'),
    )
    .orderBy('last_ms', 'desc')
    .execute();
  return rows.map(({ gate, session, persons, first_ms, last_ms, others }) => ({
    gate,
    session: session ?? '',
    persons,
    firstMs: first_ms,
    lastMs: last_ms,
    whileOthersCame: others !== null,
  }));
}

// Rehearsals of an event: begun and ended here for all its gates, which follow the ticket list, and watched: where a gate counts although
// the event rehearses, where one may still rehearse although it is over, and where one has marked as rehearsed what was no rehearsal.
import {
  bytesToHex,
  centralGate,
  compareMarks,
  err,
  ok,
  rehearsalAt,
  rehearsalEndMs,
  type AdmissionPolicy,
  rehearsalGatesMax,
  rehearsalHoursMax,
  type Clock,
  type GateRehearsalState,
  type Mark,
  type Random,
  type RehearsalAlarmCause,
  type RehearsalView,
  type Result,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction, rulesLock } from '../store/locks.ts';
import {
  readRehearsals,
  readRehearsed,
  readSwitches,
  readTold,
  rulesOf,
  withRehearsal,
  type RehearsalRow,
  type RehearsedOfGate,
  type ToldRehearsal,
} from '../store/rehearsals.ts';
import type { Actor } from './actor.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import type { Keys } from './keys.ts';
import { operatorOf } from './operators.ts';
import type { Failure } from './problems.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const sessionBytes = 8;
/** By so much a gate's clock may be off, or its mark have been made around the end, before anybody is alarmed. */
const slackMs = 5 * minuteMs;
/** Alarms of that long ago are history; the marks stay. */
const alarmShownMs = 24 * hourMs;

export interface Rehearsals {
  readonly view: (event: number) => Promise<Result<RehearsalView, Failure>>;
  readonly begin: (event: number, forMinutes: number, by: Actor) => Promise<Result<RehearsalView, Failure>>;
  /** Of the whole event, at every gate as soon as it hears of it; what a gate has begun by itself is left there. */
  readonly end: (event: number) => Promise<Result<RehearsalView, Failure>>;
}

export interface RehearsalsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Pick<Keys, 'serverHash'>;
  /** The ticket list says something new. */
  readonly changed: (event: number) => void;
}

export function createRehearsals({ database, clock, random, keys, changed }: RehearsalsDeps): Rehearsals {
  const view: Rehearsals['view'] = async (event) => {
    const record = await readEvent(database, event);
    if (record === undefined) return err({ type: 'event-unknown' });
    return ok(await readView(database, await withRehearsal(database, record.policy), clock.wallMs()));
  };

  /** `undefined`: there is no such event. */
  const change = async (
    event: number,
    work: (queries: Queries, policy: AdmissionPolicy) => Promise<Failure | undefined>,
  ): Promise<Result<RehearsalView, Failure>> => {
    const failure = await inTransaction(database, rulesLock(event), async (queries): Promise<Failure | undefined> => {
      const record = await readEvent(queries, event);
      if (record === undefined) return { type: 'event-unknown' };
      const failed = await work(queries, await withRehearsal(queries, record.policy));
      if (failed === undefined) await raiseRulesRevision(queries, event);
      return failed;
    });
    if (failure !== undefined) return err(failure);
    changed(event);
    return view(event);
  };

  const endAll = (queries: Queries, event: number): Promise<unknown> =>
    queries
      .updateTable('rehearsal')
      .set({ ended_ms: clock.wallMs() })
      .where('event', '=', event)
      .where('ended_ms', 'is', null)
      .execute();

  return {
    view,
    begin: (event, forMinutes, by) =>
      change(event, async (queries, policy) => {
        const nowMs = clock.wallMs();
        if (rehearsalAt([], policy, serverTime(nowMs)) !== undefined) return { type: 'rehearsal-in-force' };
        // One that has ended by itself.
        await endAll(queries, event);
        await queries
          .insertInto('rehearsal')
          .values({
            event,
            session: bytesToHex(random(sessionBytes)),
            from_ms: nowMs,
            until_ms: nowMs + forMinutes * minuteMs,
            ended_ms: null,
            begun_by: operatorOf(keys, by, event),
          })
          .execute();
        return undefined;
      }),
    end: (event) =>
      change(event, async (queries, policy) => {
        if (policy.rehearsal === undefined) return { type: 'rehearsal-not-in-force' };
        await endAll(queries, event);
        return undefined;
      }),
  };
}

const serverTime = (nowMs: number) => ({ trusted: true, nowMs, uncertaintyMs: 0 }) as const;

interface KnownGate {
  readonly id: string;
  readonly name: string;
  /** Of the ticket list that it has asked for last. */
  readonly feed_version: number | null;
}

async function readView(queries: Queries, policy: AdmissionPolicy, nowMs: number): Promise<RehearsalView> {
  const { event } = policy;
  const rehearsals = await readRehearsals(queries, event);
  const told = await readTold(queries, event, nowMs);
  const sinceMs = nowMs - alarmShownMs;
  const switches = (await readSwitches(queries, event, sinceMs - rehearsalHoursMax * hourMs)).toSorted(compareMarks);
  const gates = await queries
    .selectFrom('gate')
    .select(['id', 'name', 'feed_version'])
    .where('event', '=', event)
    .where('public_key', 'is not', null)
    .where('revoked_at_ms', 'is', null)
    .orderBy('id')
    .execute();
  const inForce = rehearsalAt([], policy, serverTime(nowMs));
  const row = inForce && rehearsals.find(({ session }) => session === inForce.session);
  const names = new Map([[centralGate, 'Cloud'], ...gates.map(({ id, name }) => [id, name] as const)]);
  const alarms = new Map<string, RehearsalView['alarms'][number]>();
  for (const rehearsed of await readRehearsed(queries, event, sinceMs)) {
    const { gate, persons, firstMs, lastMs } = rehearsed;
    const cause = causeOf(rehearsed, rehearsals, switches);
    if (cause === undefined) continue;
    const before = alarms.get(`${gate} ${cause}`);
    alarms.set(`${gate} ${cause}`, {
      gate,
      name: names.get(gate) ?? gate,
      cause,
      persons: persons + (before?.persons ?? 0),
      firstMs: Math.min(firstMs, before?.firstMs ?? firstMs),
      lastMs: Math.max(lastMs, before?.lastMs ?? lastMs),
    });
  }
  return {
    ...(inForce === undefined || row === undefined
      ? {}
      : { event: { fromMs: row.from_ms, untilMs: inForce.untilMs, operator: row.begun_by } }),
    gates: gates
      .flatMap((gate) => stateOf(gate, policy, told, switches, nowMs))
      .toSorted((a, b) => gravity[a.state] - gravity[b.state])
      .slice(0, rehearsalGatesMax),
    alarms: [...alarms.values()],
  };
}

/** The worst first. */
const gravity: Readonly<Record<GateRehearsalState, number>> = { 'may-rehearse': 0, unheard: 1, left: 2, rehearses: 3 };

/** How one gate stands; nothing where there is nothing to say. */
function stateOf(
  { id: gate, name, feed_version: version }: KnownGate,
  policy: AdmissionPolicy,
  told: readonly ToldRehearsal[],
  switches: readonly Mark[],
  nowMs: number,
): RehearsalView['gates'] {
  const own = switches.filter((mark) => mark.gate === gate);
  const by = own.at(-1)?.operator;
  const operator = by === undefined ? {} : { operator: by };
  const hasHeard = (list: number | undefined): boolean => list !== undefined && version !== null && version >= list;
  const here = rehearsalAt(own, policy, serverTime(nowMs));
  const ofEvent = rehearsalAt([], policy, serverTime(nowMs));
  if (here?.of === 'gate') return [{ gate, name, state: 'rehearses', of: 'gate', untilMs: here.untilMs, ...operator }];
  if (ofEvent !== undefined) {
    const common = { gate, name, of: 'event', untilMs: ofEvent.untilMs } as const;
    if (here === undefined) return [{ ...common, state: 'left', ...operator }];
    const begunIn = told.find(({ session }) => session === ofEvent.session)?.begunIn;
    return [{ ...common, state: hasHeard(begunIn) ? 'rehearses' : 'unheard' }];
  }
  for (const ended of told) {
    // Who never had a list that said that it had begun does not need one that says that it is over.
    if (ended.ended_ms === null || !hasHeard(ended.begunIn) || hasHeard(ended.endedIn)) continue;
    const old = rehearsalAt(own, { ...policy, rehearsal: rulesOf(ended) }, serverTime(nowMs));
    if (old !== undefined) return [{ gate, name, state: 'may-rehearse', of: 'event', untilMs: old.untilMs }];
  }
  return [];
}

/** Why these marks are no rehearsal's, if so. A gate that wants to hide entries can do so by writing none: this shows what it wrote. */
function causeOf(
  { gate, session, firstMs, lastMs, whileOthersCame }: RehearsedOfGate,
  rehearsals: readonly RehearsalRow[],
  switches: readonly Mark[],
): RehearsalAlarmCause | undefined {
  const ofEvent = rehearsals.find((row) => row.session === session);
  const own = switches.find(
    (mark) => mark.kind === 'rehearsal-begun' && mark.gate === gate && mark.session === session,
  );
  const [fromMs, untilMs] =
    ofEvent !== undefined
      ? [ofEvent.from_ms, Math.min(ofEvent.until_ms, ofEvent.ended_ms ?? ofEvent.until_ms)]
      : own?.kind === 'rehearsal-begun'
        ? [own.at.ms, rehearsalEndMs({ types: [] }, { fromS: Math.floor(own.at.ms / 1_000), untilS: own.untilS })]
        : [undefined, undefined];
  if (fromMs === undefined || untilMs === undefined) return 'never-begun';
  if (firstMs < fromMs - slackMs || lastMs > untilMs + slackMs) return 'outside-its-time';
  return whileOthersCame ? 'while-doors-open' : undefined;
}

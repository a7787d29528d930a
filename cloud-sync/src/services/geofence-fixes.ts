// What a phone's fix comes to: its track goes on, and once its holder has surely been in a zone for long enough that is written down as a
// mark, which reaches the gates like any other. By the event's rules that is a pre-check, or a use of the ticket by the same decision
// as everybody's.
import {
  centralGate,
  draftPrecheck,
  err,
  fixAheadMaxS,
  follow,
  freshnessOf,
  geofenceOf,
  markKey,
  ok,
  precheckedUntilMs,
  type Clock,
  type Fence,
  type FixOutcome,
  type FixRefusal,
  type Geofence,
  type History,
  type Presence,
  type Random,
  type Result,
  type Ticket,
  type Track,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Audit, AuditRecord } from './audit.ts';
import { centralLane } from './central-proof.ts';
import type { EventRecord } from './events.ts';
import type { GeofenceSenders } from './geofence-senders.ts';
import type { Limiter } from './limiter.ts';
import { sealMessage, setWaypoints, toWaypoints, zonesHash } from './owntracks.ts';
import type { PhoneFixes, PhoneMessages, PhoneRequest } from './phone-messages.ts';
import type { Failure } from './problems.ts';
import { readPresence, readTrack, writeTrack, type SenderPresence, type SenderRow } from './sender-rows.ts';
import type { EffectiveEvents } from './ticket-methods.ts';
import type { Verifications } from './verification.ts';
import { workingStore, type StoreOf } from './working-store.ts';

const methodId = 'geofence';
/** What honest phones do not say; everything else is weather. Written into the audit log, for each phone at most this often. */
const toldReasons: ReadonlySet<FixRefusal> = new Set(['too-fast', 'fix-in-future'] as const);
const toldEveryMs = 10 * 60_000;

export interface FixAnswer {
  readonly outcome: FixOutcome;
  /** For an OwnTracks app: what it is told, a JSON array. */
  readonly messages?: readonly object[];
}

export interface GeofenceFixes {
  /** `event-unknown`, `method-off`, `geofence-unset`, `request-invalid`, `credentials-wrong`, `event-forbidden`, `attempts-exhausted`, `store-unavailable`. */
  readonly receive: (request: PhoneRequest) => Promise<Result<FixAnswer, Failure>>;
}

export interface GeofenceFixesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly limiter: Limiter;
  readonly audit: Pick<Audit, 'record'>;
  readonly messages: PhoneMessages;
  readonly senders: Pick<GeofenceSenders, 'keyOf'>;
  readonly readEffective: EffectiveEvents;
  readonly storeOf: StoreOf;
  readonly verifications: Pick<Verifications, 'decideOn'>;
}

/** Where a phone's row stands after a fix. */
interface Step {
  readonly row: SenderRow;
  readonly presence: Presence;
  readonly kept: SenderPresence;
  readonly seenS: number;
}

/** Why the ticket cannot be pre-checked, or until when it is, Unix seconds. */
interface Standing {
  readonly why: FixOutcome['reason'];
  readonly untilS: number;
}

export function createGeofenceFixes(deps: GeofenceFixesDeps): GeofenceFixes {
  const { database, clock, random, limiter, audit, messages, senders, readEffective, storeOf, verifications } = deps;

  const entryOf = ({ event, id, ticket }: SenderRow): Pick<AuditRecord, 'actor' | 'event' | 'ticket' | 'method'> => ({
    actor: { kind: 'client', id },
    event,
    ticket,
    method: methodId,
  });

  /** Takes the row further by the fixes, unless another request has done so meanwhile: then these are a replay. */
  const advance = async ({ row, fixes, number }: PhoneFixes, geofence: Geofence): Promise<Step | FixOutcome> => {
    const last = fixes.at(-1);
    if (last === undefined) return { state: 'ignored' };
    const nowMs = clock.wallMs();
    const stale = freshnessOf(last.atS, nowMs, geofence.rules.ageMaxS);
    if (stale !== undefined) {
      await tell(row, stale, nowMs);
      return { state: 'refused', reason: stale };
    }
    if (number !== undefined && number <= row.number) return { state: 'refused', reason: 'number-replayed' };
    // A clock of ours that was ahead once must not lock phones out.
    const seenS = Math.min(row.seen_s, Math.floor(nowMs / 1_000) + fixAheadMaxS);
    const before = readTrack({ ...row, seen_s: seenS }, nowMs);
    let track: Track = before;
    let presence: Presence = { type: 'refused', reason: 'fix-replayed' };
    // Fixes that it has sent before come along with newer ones; the last one is what the answer is about.
    for (const fix of fixes)
      if (fix.atS > track.seenS || fix === last) ({ track, presence } = follow(track, fix, geofence));
    if (presence.type === 'refused' && presence.reason === 'fix-replayed')
      return { state: 'refused', reason: presence.reason };
    const kept = carryOver(readPresence(row), track, nowMs);
    const { numUpdatedRows } = await database
      .updateTable('geofence_sender')
      .set({ ...writeTrack(row, before, track, kept), ...(number === undefined ? {} : { number }) })
      .where('event', '=', row.event)
      .where('id', '=', row.id)
      .where('seen_s', '=', row.seen_s)
      .where('number', '=', row.number)
      .where('revoked_at_ms', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return { state: 'refused', reason: 'fix-replayed' };
    if (presence.type === 'refused') await tell(row, presence.reason, nowMs);
    return { row, presence, kept, seenS: track.seenS };
  };

  const tell = async (row: SenderRow, reason: FixRefusal, nowMs: number): Promise<void> => {
    if (!toldReasons.has(reason) || nowMs - row.told_at_ms < toldEveryMs) return;
    await database.transaction().execute(async (queries) => {
      const { numUpdatedRows } = await queries
        .updateTable('geofence_sender')
        .set({ told_at_ms: nowMs })
        .where('event', '=', row.event)
        .where('id', '=', row.id)
        .where('told_at_ms', '=', row.told_at_ms)
        .executeTakeFirst();
      if (numUpdatedRows > 0n) await audit.record(queries, { action: 'refusal', ...entryOf(row), reason });
    });
  };

  /** Unless a later fix has come meanwhile, which knows better where the phone is. */
  const keep = ({ row, seenS }: Step, kept: SenderPresence): Promise<unknown> =>
    database
      .updateTable('geofence_sender')
      .set({ presence: JSON.stringify(kept) })
      .where('event', '=', row.event)
      .where('id', '=', row.id)
      .where('seen_s', '=', seenS)
      .where('revoked_at_ms', 'is', null)
      .execute();

  /** One mark for half the time that it is good for, at most, however often the phone speaks. */
  const precheck = async (
    step: Step,
    fences: readonly Fence[],
    { rules }: Geofence,
  ): Promise<Result<FixOutcome, Failure>> => {
    const { row, kept } = step;
    const nowS = Math.floor(clock.wallMs() / 1_000);
    const untilS = nowS + rules.validS;
    const dueS = nowS + rules.validS / 2;
    const zones = fences.map(({ id }) => id);
    const until = { ...kept.until };
    for (const fence of fences) {
      if ((until[fence.id] ?? 0) >= dueS) continue;
      const store = await workingStore(storeOf, row.event, (_decision, mark) =>
        mark === undefined
          ? undefined
          : { audit: { action: 'pre-checked', ...entryOf(row), reason: fence.id, mark: markKey(mark) } },
      );
      const place = { event: row.event, lane: centralLane, zone: fence.zone };
      const claim = { ticketId: row.ticket, epoch: row.epoch, method: methodId };
      const written = await store?.admit<Standing>(row.ticket, ({ ticket, history }) => {
        const why = whyNot(row, ticket, history);
        if (why !== undefined) return { decision: { why, untilS: 0 }, mark: undefined };
        const at = { epoch: row.epoch, zone: fence.zone, gate: fence.gate ?? centralGate };
        const stands = (precheckedUntilMs(history, at) ?? 0) / 1_000;
        return stands >= dueS
          ? { decision: { why, untilS: stands }, mark: undefined }
          : { decision: { why, untilS }, mark: draftPrecheck(place, claim, untilS, fence.gate) };
      });
      if (written?.ok !== true) return err({ type: 'store-unavailable' });
      const { why, untilS: standsS } = written.value.decision;
      if (why !== undefined) return ok({ state: 'refused', reason: why });
      until[fence.id] = standsS;
      await keep(step, { ...kept, until });
    }
    const precheckedUntil = Math.max(...zones.map((id) => until[id] ?? 0)) * 1_000;
    return ok({ state: 'present', zones, precheckedUntilMs: precheckedUntil });
  };

  /** Once a stay: who has been let in, or refused, is not decided on again until they have left. */
  const admit = async (
    step: Step,
    fences: readonly Fence[],
    event: EventRecord,
  ): Promise<Result<FixOutcome, Failure>> => {
    const { row, kept } = step;
    const present = { state: 'present' as const, zones: fences.map(({ id }) => id) };
    const [fence] = fences.filter(({ id }) => !kept.decided.includes(id));
    if (fence === undefined) return ok(present);
    // Before the decision: a second fix at the same moment leaves it to the first.
    await keep(step, {
      ...kept,
      decided: [...kept.decided, ...present.zones.filter((id) => !kept.decided.includes(id))],
    });
    const claim = {
      method: methodId,
      event: row.event,
      ticketId: row.ticket,
      epoch: row.epoch,
      credentialId: row.id,
      assurance: row.kind === 'sdk' ? ('signed' as const) : ('looked-up' as const),
    };
    const decided = await verifications.decideOn(event, claim, fence.zone, { program: row.id }, (addition) => ({
      action: 'verify',
      ...entryOf(row),
      ...addition,
    }));
    if (!decided.ok) {
      await keep(step, kept);
      return decided;
    }
    const { success, reason, text } = decided.value.response;
    return ok({ ...present, admission: { success, reason, text } });
  };

  /** Zones for an app that has not got them as they are now. */
  const commandsFor = async (row: SenderRow, sealed: boolean, { rules }: Geofence): Promise<readonly object[]> => {
    const hash = zonesHash(rules);
    if (row.zones_sent === hash) return [];
    await database
      .updateTable('geofence_sender')
      .set({ zones_sent: hash })
      .where('event', '=', row.event)
      .where('id', '=', row.id)
      .execute();
    const command = setWaypoints(toWaypoints(rules, Math.floor(clock.wallMs() / 1_000)));
    return [sealed ? sealMessage(command, senders.keyOf(row), random) : command];
  };

  return {
    receive: async (request) => {
      const event = await readEffective(request.event);
      if (event === undefined) return err({ type: 'event-unknown' });
      if (event.policy.methodsOff.includes(methodId)) return err({ type: 'method-off' });
      const geofence = geofenceOf(event.policy);
      if (geofence === undefined) return err({ type: 'geofence-unset' });
      const read = await messages.read(request);
      if (!read.ok) return read;
      const { row, app } = read.value;
      const spent = await limiter.take('sender', `${row.event}/${row.id}`);
      if (spent !== undefined) return err(spent);
      const step = await advance(read.value, geofence);
      const outcome = await outcomeOf(step, geofence, event);
      if (!outcome.ok || app === undefined) return outcome.ok ? ok({ outcome: outcome.value }) : outcome;
      return ok({ outcome: outcome.value, messages: await commandsFor(row, app.sealed, geofence) });
    },
  };

  async function outcomeOf(
    step: Step | FixOutcome,
    geofence: Geofence,
    event: EventRecord,
  ): Promise<Result<FixOutcome, Failure>> {
    if ('state' in step) return ok(step);
    switch (step.presence.type) {
      case 'refused':
        return ok({ state: 'refused', reason: step.presence.reason });
      case 'waiting':
        return ok({ state: 'waiting' });
      case 'present': {
        const { fences } = step.presence;
        return geofence.rules.mode === 'admit' ? admit(step, fences, event) : precheck(step, fences, geofence);
      }
    }
  }
}

/** What has come of stays goes with them; pre-checks that have ended go too. */
function carryOver({ until, decided }: SenderPresence, { stays }: Track, nowMs: number): SenderPresence {
  const inside = new Set(stays.map(({ fence }) => fence));
  return {
    stays: [...stays],
    until: Object.fromEntries(Object.entries(until).filter(([, untilS]) => untilS * 1_000 > nowMs)),
    decided: decided.filter((fence) => inside.has(fence)),
  };
}

/** A phone speaks for one epoch of a ticket that is good; gates decide about everything else when its holder comes. */
function whyNot({ epoch }: SenderRow, ticket: Ticket | undefined, history: History): FixOutcome['reason'] {
  if (ticket === undefined) return 'ticket-unknown';
  if (Math.max(ticket.epoch, history.epochSeen) !== epoch) return 'replaced';
  if (history.deniedEpoch !== undefined && epoch <= history.deniedEpoch) return 'denied';
  return ticket.status === 'valid' ? undefined : ticket.status;
}

// How the gate is, in one answer: green, yellow or red, and for everything that is not as it should be one sentence on what is wrong
// and one on what to do. The same facts feed /health, `gate-agent status` and `gate-agent doctor`.
import type { Alarm, LaneHealth, OrderView, PeerStatus, ReaderHealth } from '@postern/shared';
import type { ClockStatement } from '../clock-trust.ts';
import { lookAheadMs } from '../lease.ts';
import type { MachineState } from '../machine.ts';
import type { OfflineCount } from '../counts/offline-counts.ts';
import type { StaffCall } from '../staff-calls.ts';
import type { EventProgress } from '../several-events.ts';

export interface Problem {
  readonly severity: 'warn' | 'fail';
  readonly what: string;
  readonly next: string;
  /** Where the gate has several: about which. */
  readonly event?: number;
}

export interface FeedHealth {
  readonly version: number;
  /** In the snapshot. */
  readonly tickets: number;
  /** Tickets and codes added or changed since that snapshot. */
  readonly changes: number;
  /** Since the cloud last confirmed that nothing is newer. */
  readonly ageMs: number;
  readonly stale: boolean;
  readonly expired: boolean;
  /** Where tickets are tokens: as of when their owners are known, Unix ms, and whether that is too long ago by the event's rules. */
  readonly owners?: { readonly asOfMs: number | undefined; readonly stale: boolean };
}

/** One event at the gate. */
export interface EventFacts {
  readonly event: number;
  readonly eventName: string;
  readonly zone: string;
  /** Whether the event has that zone, as far as the ticket list says. */
  readonly zoneKnown: boolean;
  readonly store: { readonly healthy: boolean; readonly trouble: string | undefined };
  /** Undefined until a first feed is in use. */
  readonly feed: FeedHealth | undefined;
  readonly feedTrouble: string | undefined;
  /** Until when the list may be kept without hearing the cloud, and when it was forgotten since that was over; Unix ms. */
  readonly lease: { readonly endsMs: number | undefined; readonly endedMs: number | undefined };
  readonly contact: {
    /** Unix ms since when nobody has answered; undefined while in touch. */
    readonly noContactSinceMs: number | undefined;
    readonly peers: readonly PeerStatus[];
    /** Own marks that the cloud has not confirmed; undefined while that is not known. */
    readonly waitingMarks: number | undefined;
    /** Gates that mDNS has found, neighbours that answer, those that are not this deployment's, and what is wrong. */
    readonly lan: {
      readonly found: number;
      readonly answering: number;
      readonly refused: number;
      readonly trouble: { readonly what: string; readonly next: string } | undefined;
    };
    /** Why there is no replication, when that is so. */
    readonly trouble: string | undefined;
    /** Marks that were put aside since the start because their gate is not to be believed, newest last. */
    readonly alarms: readonly Alarm[];
  };
  /** To the venue: in force, or lifted last; with the gates that have not acknowledged. */
  readonly orders: readonly OrderView[];
  /** What it rehearses, if so: the whole event with all gates, or this gate by itself. */
  readonly rehearsal: { readonly of: 'event' | 'gate'; readonly untilMs: number } | undefined;
  /** Entries that were decided with nobody in reach, in all starts of this gate. */
  readonly offline: OfflineCount;
}

/** With what is so of the gate's own event; of further ones in `also`. */
export interface GateFacts extends EventFacts {
  readonly also: readonly EventFacts[];
  readonly gate: string;
  readonly name: string;
  readonly boot: string;
  readonly pid: number;
  readonly version: string;
  readonly upMs: number;
  readonly clock: ClockStatement;
  readonly lanes: readonly (LaneHealth & {
    readonly id: string;
    readonly direction: 'entry' | 'exit';
    readonly onFailure: 'locked' | 'free';
  })[];
  readonly readers: readonly (ReaderHealth & { readonly lane: string })[];
  readonly certificateExpiresMs: number | undefined;
  /** Where the cloud is now, if this gate asks where it was before. */
  readonly cloudMovedTo: string | undefined;
  /** Unix ms; undefined unless the cloud has said so. */
  readonly revokedAtMs: number | undefined;
  /** Files of a revoked gate that somebody has to carry to the cloud. */
  readonly sealedMarks: readonly string[];
  /** Whether its databases are encrypted. */
  readonly disk: { readonly sealed: boolean };
  readonly machine: MachineState;
  /** Who stands before a lane's screen and has asked for staff. */
  readonly calls: readonly StaffCall[];
  readonly fire: { readonly configured: boolean; readonly on: boolean; readonly trouble: string | undefined };
}

export interface GateHealth extends GateFacts {
  readonly state: 'green' | 'yellow' | 'red';
  readonly problems: readonly Problem[];
}

const dayMs = 86_400_000;
const certificateWarnMs = 14 * dayMs;
/** Room for a day of marks and a new ticket list; below the least, for hardly anything. */
const diskFreeBytesMin = 500e6;
const diskFreeBytesLeast = 50e6;
/** A Raspberry Pi slows itself down from 80 °C on. */
const temperatureCMax = 78;
const batteryPercentMin = 15;
/** An alarm that nobody can act on any more is no problem. */
const tailgatingShownMs = 5 * 60_000;

export function toHealth(facts: GateFacts): GateHealth {
  const problems = [...findProblems(facts)];
  const state = problems.some(({ severity }) => severity === 'fail') ? 'red' : problems.length > 0 ? 'yellow' : 'green';
  return { state, problems, ...facts };
}

/** With what had to be counted, of each event where its other facts are. */
export const toStatus = (
  { also, ...health }: GateHealth,
  [own, ...further]: readonly EventProgress[],
): GateHealth & Partial<EventProgress> => ({
  ...health,
  ...own,
  also: also.map((facts, index) => ({ ...facts, ...further[index] })),
});

/** Gates named in one problem; the rest are counted. */
const gatesNamedMax = 10;
const listed = (gates: readonly { readonly name: string }[]): string =>
  [
    ...gates.slice(0, gatesNamedMax).map(({ name }) => name),
    ...(gates.length > gatesNamedMax ? [`${gates.length - gatesNamedMax} more`] : []),
  ].join(', ');

const warn = (what: string, next: string): Problem => ({ severity: 'warn', what, next });
const fail = (what: string, next: string): Problem => ({ severity: 'fail', what, next });

/** What is so and what to do where a gate asks for the cloud where it was before. */
export const cloudMoved = (to: string): readonly [what: string, next: string] => [
  `the cloud is at ${to} now, and this gate still asks where it was before`,
  `set [cloud] url in gate.toml to ${to}, then restart the gate`,
];

/** What to do with the marks of a revoked gate, before anything else. */
export const carrySealed = (files: readonly string[]): string =>
  files.length === 0
    ? ''
    : `its marks are sealed: carry ${files.join(', ')} to the cloud (cloud-sync import-sealed FILE); `;

function* findProblems(facts: GateFacts): Generator<Problem> {
  // Everything else that is wrong with it follows from that.
  if (facts.revokedAtMs !== undefined)
    return yield fail(
      'this gate has been revoked: it has forgotten its ticket list and lets nobody in',
      `${carrySealed(facts.sealedMarks)}take it to whoever looks after the gates; the machine may join again as another gate, in a new folder`,
    );
  for (const event of [facts, ...facts.also])
    for (const problem of findEventProblems(event, facts.clock))
      yield facts.also.length === 0
        ? problem
        : { ...problem, what: `${nameOf(event)}: ${problem.what}`, event: event.event };
  yield* findGateProblems(facts);
}

const dayOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const nameOf = ({ event, eventName, feed }: EventFacts): string => (feed === undefined ? `event ${event}` : eventName);

function* findEventProblems(facts: EventFacts, { nowMs, trusted }: ClockStatement): Generator<Problem> {
  const { event, zone, zoneKnown, store, feed, feedTrouble, lease, contact, orders, rehearsal } = facts;
  if (!zoneKnown)
    yield fail(
      `the event has no zone "${zone}": nobody who enters here is counted, and no order reaches this gate`,
      `set the zone of event ${event} in gate.toml to one that the event has, then restart the gate`,
    );
  if (rehearsal !== undefined)
    yield warn(
      `${rehearsal.of === 'event' ? 'the event rehearses' : 'this gate rehearses'} until ${dayOf(rehearsal.untilMs)}: no entry counts`,
      rehearsal.of === 'event'
        ? 'end it in the cloud; a steward may leave it here, and then this gate counts'
        : 'a steward leaves it here',
    );
  if (!store.healthy)
    yield fail(
      `the journal does not work: ${store.trouble ?? 'unknown'}`,
      'entries stay shut and it is tried again every second; check disk space and the card, then run gate-agent doctor',
    );
  if (feed === undefined && lease.endedMs !== undefined)
    yield fail(
      `the ticket list was forgotten on ${dayOf(lease.endedMs)}: the cloud had not been heard for as long as the event allows`,
      'connect the gate to the cloud: it fetches its list again by itself',
    );
  else if (feed === undefined)
    yield feedTrouble === 'feed-refused'
      ? fail(
          'no ticket list: the cloud gives this gate none for this event',
          `publish event ${event} at the cloud; if it is published, make this gate at it there, or take it out of gate.toml`,
        )
      : fail(
          `no ticket list yet${feedTrouble === undefined ? '' : `: ${feedTrouble}`}`,
          'connect the gate to the cloud once, and publish the event there',
        );
  else if (feed.expired) yield fail('the ticket list has expired', 'connect the gate to the cloud');
  else if (feed.stale)
    yield warn(`the ticket list is ${Math.round(feed.ageMs / 60_000)} min old`, 'connect the gate to the cloud');
  if (feed?.owners?.stale === true)
    yield warn(
      feed.owners.asOfMs === undefined
        ? 'the owners of tokens are not known: nobody gets in by wallet'
        : `the owners of tokens are those of ${dayOf(feed.owners.asOfMs)}: one sold since lets its seller in`,
      'connect the gate to the cloud; if it is connected, the cloud does not read the chain',
    );
  if (feed !== undefined && trusted && lease.endsMs !== undefined && lease.endsMs - nowMs < lookAheadMs)
    yield warn(
      `the ticket list will be forgotten on ${dayOf(lease.endsMs)} unless the cloud is heard or somebody comes in before`,
      'connect the gate to the cloud',
    );
  if (feed !== undefined && feedTrouble !== undefined && contact.noContactSinceMs === undefined)
    yield warn(
      `the newest ticket list could not be used: ${feedTrouble}`,
      'the one before stays in use; look at the log of the cloud',
    );
  for (const { order, zone, state, given, missing } of orders) {
    const where = zone === '' ? 'all zones' : `zone ${zone}`;
    const silent = missing.length === 0 ? 'every gate obeys' : `not acknowledged by ${listed(missing)}`;
    if (state === 'in-force')
      yield warn(
        `${order} in ${where}, ordered at ${given.gateName}; ${silent}`,
        missing.length === 0 ? 'a supervisor lifts it' : 'go or phone to those gates; a supervisor lifts the order',
      );
    else if (missing.length > 0)
      yield warn(`${order} in ${where} is lifted; ${silent}`, 'go or phone to those gates: they still obey it');
  }
  if (contact.noContactSinceMs !== undefined)
    yield warn(
      `no contact with the cloud or another gate${feed === undefined ? '' : ', still admitting'}`,
      'check the network when there is time; nothing is lost',
    );
  if (contact.trouble !== undefined)
    yield warn(
      `marks are not being exchanged: ${contact.trouble}`,
      'they are safe in the journal; look at the log, then restart the gate',
    );
  if (contact.lan.trouble !== undefined) yield warn(contact.lan.trouble.what, contact.lan.trouble.next);
  const alarm = contact.alarms.at(-1);
  if (alarm !== undefined)
    yield warn(
      `marks were put aside ${contact.alarms.length} time(s), the last of gate ${alarm.segment.gate}, brought by ${alarm.from}: ${alarm.cause}`,
      alarm.type === 'gate-revoked'
        ? 'nothing is lost: somebody at the cloud can look at them, and let them in'
        : 'look at that gate: its data folder may have been copied or altered; revoke it at the cloud if it may be stolen',
    );
}

function* findGateProblems(facts: GateFacts): Generator<Problem> {
  const { clock, lanes, readers, certificateExpiresMs, cloudMovedTo, calls, fire, machine } = facts;
  yield* findMachineProblems(machine);
  if (cloudMovedTo !== undefined) yield warn(...cloudMoved(cloudMovedTo));
  if (!clock.trusted)
    yield warn(`the time is ${clock.text}`, 'connect the gate, or have a supervisor confirm the shown time');
  if (clock.wallJumps > 0)
    yield warn(
      `the operating system's clock jumped ${clock.wallJumps} time(s); it now differs from ours by ${Math.round(clock.wallOffsetMs / 1_000)} s`,
      'nothing is decided by it; look who sets it',
    );
  for (const { lane, sinceMs } of calls)
    yield warn(
      `somebody at lane ${lane} has asked for staff ${Math.max(0, Math.round((clock.nowMs - sinceMs) / 60_000))} min ago`,
      'go there: what you do at the lane answers the call',
    );
  for (const lane of lanes) {
    if (lane.state === 'closed' && lane.why !== 'person' && lane.why !== 'order')
      yield fail(
        `lane ${lane.id} is closed (${lane.why ?? 'unknown'})`,
        lane.why === 'actuator' ? 'check the turnstile and its cable' : 'see the other problems',
      );
    if (lane.state === 'closed' && lane.why === 'person')
      yield warn(`lane ${lane.id} was closed by staff`, 'reopen it when it is needed');
    if (lane.state === 'free' && lane.why !== 'order')
      yield lane.why === 'failure'
        ? fail(`lane ${lane.id} stands free because of a failure`, 'see the other problems')
        : warn(`lane ${lane.id} stands free (${lane.why ?? 'unknown'})`, 'a supervisor resets it');
    if (lane.lapsesLost > 0)
      yield warn(
        `lane ${lane.id}: ${lane.lapsesLost} use(s) could not be given back`,
        'let those visitors in by hand if they come back',
      );
    if (lane.lastTailgatingMs !== undefined && clock.nowMs - lane.lastTailgatingMs < tailgatingShownMs)
      yield warn(
        `lane ${lane.id}: somebody has followed through the turnstile without a ticket, ${lane.tailgaters} in all since the start`,
        'look who it was; a wide lane may be told of companions in gate.toml',
      );
    if (lane.turnstileFault !== undefined && lane.state !== 'closed')
      yield warn(
        `lane ${lane.id}: the turnstile has failed ${lane.turnstileFaults} time(s): ${lane.turnstileFault}`,
        'check the turnstile',
      );
  }
  for (const reader of readers) {
    if (reader.lastError !== undefined && reader.state !== 'stopped')
      yield warn(
        `reader ${reader.readerId} of lane ${reader.lane}: ${reader.lastError} (start ${reader.attempts})`,
        'check its cable and address; it is started again by itself',
      );
    if (reader.state === 'ended')
      yield warn(
        `reader ${reader.readerId} of lane ${reader.lane} has come to its end`,
        'it was a file or a closed input; restart the gate to read it again',
      );
  }
  if (certificateExpiresMs !== undefined && certificateExpiresMs - clock.nowMs < certificateWarnMs && clock.trusted)
    yield certificateExpiresMs < clock.nowMs
      ? fail('the certificate has expired', 'enrol the gate again with a new code')
      : warn(
          `the certificate expires in ${Math.floor((certificateExpiresMs - clock.nowMs) / dayMs)} days`,
          'enrol the gate again with a new code',
        );
  if (fire.trouble !== undefined)
    yield warn(
      `the fire input cannot be read: ${fire.trouble}`,
      'the fire loop releases the turnstile by itself; mend the input so that the gate knows',
    );
}

function* findMachineProblems({ disk, temperatureC, battery }: MachineState): Generator<Problem> {
  if (disk !== undefined && disk.freeBytes < diskFreeBytesMin) {
    const left = `the disk has ${Math.round(disk.freeBytes / 1e6)} MB left`;
    yield disk.freeBytes < diskFreeBytesLeast
      ? fail(
          left,
          'without room nobody is let in: delete logs and what does not belong to the gate, or put in a larger card',
        )
      : warn(left, 'delete logs and what does not belong to the gate, or put in a larger card');
  }
  if (temperatureC !== undefined && temperatureC > temperatureCMax)
    yield warn(`the machine is ${Math.round(temperatureC)} °C hot`, 'give it shade and air; it becomes slow at first');
  if (battery !== undefined && !battery.charging && battery.percent < batteryPercentMin)
    yield warn(`the battery is at ${Math.round(battery.percent)} %`, 'plug it in');
}

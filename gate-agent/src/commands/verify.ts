// `gate-agent verify --data DIR TEXT`: what this gate would say to a code right now, from its databases alone, read-only and without
// a mark, so it can be asked beside a running agent. One JSON line; exit 0 admit, 1 refuse, 2 error, 3 hold.
import {
  assert,
  createMethodRegistry,
  decide,
  err,
  foldRehearsal,
  foldTicketHistory,
  geofenceOf,
  isExpired,
  knownMethods,
  orderFor,
  ok,
  pretixOf,
  ready,
  rehearsalAt,
  stewardText,
  visitorText,
  type Clock,
  type Decision,
  type Logger,
  type Lookups,
  type Manifest,
  type Refusal,
  type Result,
  type TextOptions,
} from '@postern/shared';
import { parseCertificate } from '../certificates.ts';
import { clockFilePath, readClockFile } from '../clock-file.ts';
import { createClockTrust } from '../clock-trust.ts';
import { eventsOf, type GateConfig, type LaneConfig } from '../config.ts';
import { feedFolder } from '../event-folder.ts';
import { loadIdentity } from '../identity.ts';
import { readFeed, type ReadFeed, type ReadFeedError } from '../store/read-feed.ts';
import type { CommandError, GateFolder } from './gate-folder.ts';
import { openKnownMarks, type KnownMarks } from './known-marks.ts';
import { askRunningAgent, eventHealth, type AgentEvent } from './running-agent.ts';

export interface VerifyDeps {
  readonly clock: Clock;
  readonly machineBoot: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
}

export interface VerifyRequest {
  readonly folder: GateFolder;
  /** The first entry lane (or the first lane at all) when undefined. */
  readonly lane: string | undefined;
  readonly text: string;
}

export interface VerifyAnswer {
  readonly decision: Decision['kind'];
  readonly lane: string;
  /** Whose rules said so. */
  readonly event: number;
  /** Present where it rehearses: that is what it would say, and the use would not count. */
  readonly rehearsal?: true;
  /** Why not, or what a person has to look at. */
  readonly code?: string;
  readonly visitor?: string;
  readonly steward?: string;
  readonly ticket?: { readonly id: string; readonly epoch: number; readonly type: number; readonly party: number };
  readonly method?: string;
  readonly warnings?: readonly string[];
  readonly usesSpent?: number;
  readonly clock: string;
  readonly feedVersion: number;
}

export const verifyExitCodes: Readonly<Record<Decision['kind'], number>> = { admit: 0, refuse: 1, hold: 3 };

export async function verify(
  { folder, lane: laneId, text }: VerifyRequest,
  deps: VerifyDeps,
): Promise<Result<VerifyAnswer, CommandError>> {
  await ready;
  const { data } = folder;
  if (!folder.config.ok) return folder.config;
  const config = folder.config.value;
  const key = folder.diskKey();
  if (!key.ok) return key;
  const { lanes } = config;
  const lane =
    laneId === undefined
      ? (lanes.find(({ direction }) => direction === 'entry') ?? lanes[0])
      : lanes.find(({ id }) => id === laneId);
  if (lane === undefined)
    return err({
      type: 'lane-unknown',
      message: `this gate has no lane "${laneId}"; it has ${lanes.map(({ id }) => id).join(', ')}`,
    });
  const events: EventOnDisk[] = [];
  try {
    for (const { id: event, zone } of eventsOf(config)) {
      const feed = await readFeed(feedFolder(data, event), event, deps.signal, key.value);
      if (feed.ok) {
        const marks = openKnownMarks({ data, key: key.value, event, clock: deps.clock, logger: deps.logger });
        events.push({ event, zone, feed: feed.value, marks });
      } else if (event === config.gate.event) return err(withoutList(feed.error));
    }
    const [own, ...further] = events;
    assert(own !== undefined, 'without its own event nothing is asked');
    return ok(await answer(deps, { config, lane, text, data }, own, further));
  } catch (cause) {
    return err({
      type: 'journal-unreadable',
      message: cause instanceof Error ? cause.message : 'the journal cannot be read',
    });
  } finally {
    for (const { marks, feed } of events) {
      marks.close();
      feed.close();
    }
  }
}

/** One of the gate's events as its databases have it. */
interface EventOnDisk {
  readonly event: number;
  readonly zone: string;
  readonly feed: ReadFeed;
  readonly marks: KnownMarks;
}

const withoutList = ({ type }: ReadFeedError): CommandError => ({
  type,
  message:
    type === 'feed-missing'
      ? 'this gate has no ticket list yet: run it once with the cloud in reach'
      : 'the ticket list on the disk is not what was signed: run the gate with the cloud in reach',
});

interface Question {
  readonly config: GateConfig;
  readonly lane: LaneConfig;
  readonly text: string;
  readonly data: string;
}

async function answer(
  { clock, machineBoot, logger, signal, fetch }: VerifyDeps,
  { config, lane, text, data }: Question,
  own: EventOnDisk,
  further: readonly EventOnDisk[],
): Promise<VerifyAnswer> {
  const trust = createClockTrust({
    clock,
    machineBoot,
    saved: await readClockFile(clockFilePath(data)),
    rtc: config.clock.rtc,
    floorMs: await readFloorMs(data),
  });
  const time = trust.now();
  const registry = createMethodRegistry({
    methods: knownMethods,
    lookups: lookupsOf(own),
    furtherLookups: further.map(lookupsOf),
    clock,
    logger,
  });
  const verified = await registry.verify(
    { medium: 'typed', text, readerId: 'verify', seenAtMs: clock.monotonicMs() },
    signal,
  );
  const of = further.find(({ event }) => verified.ok && verified.value.event === event) ?? own;
  const { zone, marks } = of;
  const { manifest, tickets } = of.feed;
  const { policy } = manifest;
  const told = eventHealth(await askRunningAgent(data, fetch), of.event);
  const common = {
    lane: lane.id,
    event: of.event,
    clock: trust.statement().text,
    feedVersion: manifest.version,
  };
  const options: TextOptions = {
    language: 'en',
    timeZone: policy.timeZone,
    gateName: (id) => manifest.gates.find((listed) => listed.id === id)?.name ?? id,
  };
  if (!verified.ok) return { decision: 'refuse', ...refusalTexts(verified.error, options), ...common };
  const claim = verified.value;
  const ticket = tickets.ticket(claim.ticketId);
  const known = marks.ofTicket(claim.ticketId);
  const real = foldTicketHistory(known, policy, ticket);
  const rehearsal = rehearsalAt(marks.rehearsalSwitches(), policy, time)?.session;
  const history = rehearsal === undefined ? real : foldRehearsal(known, rehearsal, policy, ticket, real);
  const decision = decide({
    claim,
    ticket,
    history,
    ...(rehearsal === undefined ? {} : { rehearsal }),
    policy,
    time,
    inTouch: told !== undefined && told.contact.noContactSinceMs === undefined,
    lane: { id: lane.id, gate: config.gate.id, zone, direction: lane.direction },
    occupancy: marks.occupancy,
    feedAgeMs: feedAgeMs(manifest, time.nowMs, told),
  });
  const isStopped =
    lane.direction === 'entry' &&
    [own, ...further].some((event) => orderFor(event.marks.orders(), event.zone) !== undefined);
  const said: Decision =
    isStopped && decision.kind !== 'refuse' ? { kind: 'refuse', claim, refusal: { type: 'entry-stopped' } } : decision;
  return {
    ...describe(said, options),
    method: claim.method,
    usesSpent: history.usesSpent,
    ...(rehearsal === undefined ? {} : { rehearsal: true }),
    ...common,
  };
}

const lookupsOf = ({ feed: { manifest, tickets }, marks }: EventOnDisk): Lookups => ({
  ...tickets,
  pretix: () => pretixOf(manifest.policy),
  geofence: () => geofenceOf(manifest.policy),
  tag: (medium, id) => marks.tag(tickets.tagHash(medium, id), (ticketId) => tickets.ticket(ticketId)?.party ?? 1),
});

/** As feed-view.ts: a running agent knows how long ago the cloud confirmed its list, the databases only when it was made. */
function feedAgeMs(manifest: Manifest, nowMs: number, told: AgentEvent | undefined): number {
  if (isExpired(manifest, nowMs)) return Number.POSITIVE_INFINITY;
  // JSON has no infinity.
  return told?.feed === undefined
    ? Math.max(0, nowMs - manifest.createdAtMs)
    : (told.feed.ageMs ?? Number.POSITIVE_INFINITY);
}

/** No time before its certificate was made can be true for this gate. */
async function readFloorMs(data: string): Promise<number> {
  const identity = await loadIdentity(data);
  if (!identity.ok) return 0;
  const certificate = parseCertificate(Buffer.from(identity.value.certificate, 'base64'));
  return certificate.ok ? certificate.value.notBeforeMs : 0;
}

const refusalTexts = (
  { type, detail = {} }: Refusal,
  options: TextOptions,
): { readonly code: string; readonly visitor: string; readonly steward: string } => ({
  code: type,
  visitor: visitorText(type).en,
  steward: stewardText(type, detail, options),
});

function describe(
  decision: Decision,
  options: TextOptions,
): Pick<VerifyAnswer, 'decision' | 'code' | 'visitor' | 'steward' | 'ticket' | 'warnings'> {
  if (decision.kind === 'refuse') {
    const ticket =
      decision.claim === undefined
        ? {}
        : {
            ticket: {
              id: decision.claim.ticketId,
              epoch: decision.claim.epoch,
              type: decision.claim.type ?? -1,
              party: 1,
            },
          };
    return { decision: 'refuse', ...refusalTexts(decision.refusal, options), ...ticket };
  }
  const { kind, ticket, party, warnings } = decision;
  return {
    decision: kind,
    ...(decision.kind === 'hold' ? { code: decision.reason } : {}),
    ticket: { ...ticket, party },
    warnings,
  };
}

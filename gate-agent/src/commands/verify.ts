// `gate-agent verify --data DIR TEXT`: what this gate would say to a code right now, from its databases alone, read-only and without
// a mark, so it can be asked beside a running agent. One JSON line; exit 0 admit, 1 refuse, 2 error, 3 hold.
import {
  createMethodRegistry,
  decide,
  err,
  foldTicketHistory,
  isExpired,
  knownMethods,
  orderFor,
  ok,
  ready,
  stewardText,
  visitorText,
  type Clock,
  type Decision,
  type Logger,
  type Manifest,
  type Refusal,
  type Result,
  type TextOptions,
} from '@postern/shared';
import { parseCertificate } from '../certificates.ts';
import { clockFilePath, readClockFile } from '../clock-file.ts';
import { createClockTrust } from '../clock-trust.ts';
import type { GateConfig, LaneConfig } from '../config.ts';
import { loadIdentity } from '../identity.ts';
import { readFeed, type ReadFeed } from '../store/read-feed.ts';
import { feedFolder, type CommandError, type GateFolder } from './gate-folder.ts';
import { openKnownMarks, type KnownMarks } from './known-marks.ts';
import { askRunningAgent, isInTouch, type RunningAgent } from './running-agent.ts';

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
  const feed = await readFeed(feedFolder(data), config.gate.event, deps.signal);
  if (!feed.ok)
    return err({
      type: feed.error.type,
      message:
        feed.error.type === 'feed-missing'
          ? 'this gate has no ticket list yet: run it once with the cloud in reach'
          : 'the ticket list on the disk is not what was signed: run the gate with the cloud in reach',
    });
  let marks: KnownMarks | undefined;
  try {
    marks = openKnownMarks({ data, event: config.gate.event, clock: deps.clock, logger: deps.logger });
    return ok(await answer(deps, { config, lane, text, data }, feed.value, marks));
  } catch (cause) {
    return err({
      type: 'journal-unreadable',
      message: cause instanceof Error ? cause.message : 'the journal cannot be read',
    });
  } finally {
    marks?.close();
    feed.value.close();
  }
}

interface Question {
  readonly config: GateConfig;
  readonly lane: LaneConfig;
  readonly text: string;
  readonly data: string;
}

async function answer(
  { clock, machineBoot, logger, signal, fetch }: VerifyDeps,
  { config, lane, text, data }: Question,
  { manifest, tickets }: ReadFeed,
  marks: KnownMarks,
): Promise<VerifyAnswer> {
  const { policy } = manifest;
  const { id: gate, zone } = config.gate;
  const trust = createClockTrust({
    clock,
    machineBoot,
    saved: await readClockFile(clockFilePath(data)),
    rtc: config.clock.rtc,
    floorMs: await readFloorMs(data),
  });
  const time = trust.now();
  const agent = await askRunningAgent(data, fetch);
  const common = { lane: lane.id, clock: trust.statement().text, feedVersion: manifest.version };
  const options: TextOptions = {
    language: 'en',
    timeZone: policy.timeZone,
    gateName: (id) => manifest.gates.find((listed) => listed.id === id)?.name ?? id,
  };
  const registry = createMethodRegistry({ methods: knownMethods, lookups: tickets, clock, logger });
  const verified = await registry.verify(
    { medium: 'typed', text, readerId: 'verify', seenAtMs: clock.monotonicMs() },
    signal,
  );
  if (!verified.ok) return { decision: 'refuse', ...refusalTexts(verified.error, options), ...common };
  const claim = verified.value;
  const ticket = tickets.ticket(claim.ticketId);
  const history = foldTicketHistory(marks.ofTicket(claim.ticketId), policy, ticket);
  const decision = decide({
    claim,
    ticket,
    history,
    policy,
    time,
    inTouch: isInTouch(agent).inTouch,
    lane: { id: lane.id, gate, zone, direction: lane.direction },
    occupancy: marks.occupancy,
    feedAgeMs: feedAgeMs(manifest, time.nowMs, agent),
  });
  const isStopped = lane.direction === 'entry' && orderFor(marks.orders(), zone) !== undefined;
  const said: Decision =
    isStopped && decision.kind !== 'refuse' ? { kind: 'refuse', claim, refusal: { type: 'entry-stopped' } } : decision;
  return { ...describe(said, options), method: claim.method, usesSpent: history.usesSpent, ...common };
}

/** As feed-view.ts: a running agent knows how long ago the cloud confirmed its list, the databases only when it was made. */
function feedAgeMs(manifest: Manifest, nowMs: number, agent: RunningAgent | undefined): number {
  if (isExpired(manifest, nowMs)) return Number.POSITIVE_INFINITY;
  const told = agent?.health?.feed;
  // JSON has no infinity.
  return told === undefined ? Math.max(0, nowMs - manifest.createdAtMs) : (told.ageMs ?? Number.POSITIVE_INFINITY);
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
  visitor: visitorText(type, 'en'),
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

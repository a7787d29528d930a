// `gate-agent status`: how the gate is, from the running agent itself, or, when none runs, from its databases. For people; the same
// facts as JSON for scripts.
import { changedRows, err, ok, ready, type Clock, type Logger, type Result } from '@postern/shared';
import { eventsOf } from '../config.ts';
import { feedFolder } from '../event-folder.ts';
import type { DiskKey } from '../store/database.ts';
import { readFeed } from '../store/read-feed.ts';
import type { CommandError, GateFolder } from './gate-folder.ts';
import { openKnownMarks } from './known-marks.ts';
import { otherGatesText } from './other-gates.ts';
import { askRunningAgent, type AgentEvent, type AgentHealth } from './running-agent.ts';

export interface StatusDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
}

export type GateStatus =
  | {
      readonly running: true;
      readonly pid: number;
      readonly url: string;
      readonly boot: string;
      readonly health: AgentHealth | undefined;
    }
  | {
      readonly running: false;
      readonly gate: string;
      /** In the order of gate.toml. */
      readonly events: readonly StoppedEvent[];
      /** Absolute. */
      readonly configPath: string;
    };

interface StoppedEvent {
  readonly event: number;
  readonly zone: string;
  readonly marks: number;
  readonly lastEntryMs?: number;
  readonly feed:
    | {
        readonly version: number;
        readonly createdAtMs: number;
        readonly tickets: number;
        readonly changes: number;
      }
    | { readonly trouble: string };
}

export async function readStatus(folder: GateFolder, deps: StatusDeps): Promise<Result<GateStatus, CommandError>> {
  await ready;
  const agent = await askRunningAgent(folder.data, deps.fetch);
  if (agent !== undefined)
    return ok({ running: true, pid: agent.pid, url: agent.url, boot: agent.boot, health: agent.health });
  const { config } = folder;
  if (!config.ok) return config;
  const key = folder.diskKey();
  if (!key.ok) return key;
  try {
    const events: StoppedEvent[] = [];
    for (const { id, zone } of eventsOf(config.value))
      events.push(await readStopped({ data: folder.data, key: key.value }, id, zone, deps));
    return ok({ running: false, gate: config.value.gate.id, events, configPath: folder.configPath });
  } catch (cause) {
    return err({
      type: 'journal-unreadable',
      message: `the journal in ${folder.data} cannot be read: ${cause instanceof Error ? cause.message : 'unknown'}; run gate-agent doctor`,
    });
  }
}

async function readStopped(
  disk: { readonly data: string; readonly key: DiskKey | undefined },
  event: number,
  zone: string,
  { clock, logger, signal }: StatusDeps,
): Promise<StoppedEvent> {
  const known = openKnownMarks({ ...disk, event, clock, logger });
  known.close();
  const { count, lastEntryMs } = known.own;
  return {
    event,
    zone,
    marks: count,
    ...(lastEntryMs === undefined ? {} : { lastEntryMs }),
    feed: await describeFeed(disk, event, signal),
  };
}

async function describeFeed(
  { data, key }: { readonly data: string; readonly key: DiskKey | undefined },
  event: number,
  signal: AbortSignal,
): Promise<StoppedEvent['feed']> {
  const feed = await readFeed(feedFolder(data, event), event, signal, key);
  if (!feed.ok) return { trouble: feed.error.type === 'feed-missing' ? 'none yet' : feed.error.type };
  const { version, createdAtMs, snapshot } = feed.value.manifest;
  feed.value.close();
  return { version, createdAtMs, tickets: snapshot.tickets, changes: changedRows(feed.value.manifest) };
}

/** 0: running and able to admit; 1: not running, not answering, or not able to. */
export const statusExitCode = (status: GateStatus): number =>
  status.running && status.health !== undefined && status.health.state !== 'red' ? 0 : 1;

/** `450 tickets and 2 changes`: what was published after the snapshot is not in its count. */
export const ticketCount = ({ tickets, changes }: { readonly tickets: number; readonly changes: number }): string =>
  `${tickets} tickets${changes === 0 ? '' : ` and ${changes} ${changes === 1 ? 'change' : 'changes'}`}`;

/** Lines for people. */
export function renderStatus(status: GateStatus): readonly string[] {
  if (!status.running) return renderStopped(status);
  const where = `process ${status.pid}, start ${status.boot}, ${status.url}`;
  return status.health === undefined
    ? [`! the agent runs (${where}) but does not answer; look at its log, then restart it`]
    : renderRunning(status.health, where);
}

function renderStopped({ gate, events, configPath }: Extract<GateStatus, { running: false }>): readonly string[] {
  return [
    `✗ gate ${gate} is not running`,
    ...events.flatMap(({ event, zone, marks, lastEntryMs, feed }) => [
      `  event ${event}, zone ${zone}: ${marks} marks in the journal${lastEntryMs === undefined ? '' : `, last entry ${dateTime(lastEntryMs)}`}`,
      'trouble' in feed
        ? `    ticket list: ${feed.trouble}`
        : `    ticket list: version ${feed.version}, ${ticketCount(feed)}, made ${dateTime(feed.createdAtMs)}`,
    ]),
    `  start it with: gate-agent run --config ${configPath} (or: systemctl start gate-agent)`,
  ];
}

const stateTexts = {
  green: '✓ running',
  yellow: '! running, with something to keep an eye on',
  red: '✗ running, but something has to be mended',
} as const;

function renderRunning(health: AgentHealth, where: string): readonly string[] {
  const { state, problems, name, gate, event, zone, upMs, lanes, readers, clock, also } = health;
  const events = `event ${event}, zone ${zone}${also.map((other) => `; event ${other.event}, zone ${other.zone}`).join('')}`;
  return [
    `${stateTexts[state]}: ${name} (${gate}, ${events}) for ${duration(upMs)}`,
    `  ${where}`,
    ...lanes.map((lane) => `  lane ${lane.id} (${lane.direction}): ${lane.state}`),
    ...readers.map((reader) => `  reader ${reader.readerId} of lane ${reader.lane}: ${reader.state}`),
    `  clock: ${clock.text}`,
    ...(also.length === 0
      ? eventLines(health).map((line) => `  ${line}`)
      : [health, ...also].flatMap((of) => [
          `  event ${of.event}${of.eventName === undefined ? '' : ` "${of.eventName}"`}:`,
          ...eventLines(of).map((line) => `    ${line}`),
        ])),
    ...problems.map(({ severity, what, next }) => `${severity === 'fail' ? '✗' : '!'} ${what}\n  → ${next}`),
  ];
}

function eventLines({ store, feed, orders, contact, offline }: AgentEvent): readonly string[] {
  return [
    ...orders.map(orderLine),
    `journal: ${store.healthy ? 'works' : 'does not work'}`,
    `ticket list: ${feed === undefined ? 'none yet' : `version ${feed.version}, ${ticketCount(feed)}, ${feed.expired || feed.ageMs === null ? 'expired' : `confirmed ${duration(feed.ageMs)} ago`}`}`,
    `contact: ${contact.noContactSinceMs === undefined ? 'in touch' : `none since ${dateTime(contact.noContactSinceMs)}${feed === undefined ? '' : ', still admitting'}`}`,
    ...(contact.lan === undefined ? [] : [`other gates: ${otherGatesText(contact.lan)}`]),
    ...(offline === undefined || offline.outOfTouch === 0
      ? []
      : [
          `decided out of touch: ${offline.outOfTouch} of ${offline.entries} entries, ${offline.alone} of them without any other gate`,
        ]),
  ];
}

/** `order: evacuate (all zones), in force; 3 of 5 gates have acknowledged, NOT Gate C, Gate D`. */
function orderLine({ order, zone, state, acknowledged, missing }: AgentEvent['orders'][number]): string {
  const silent = missing.map(({ name }) => name).join(', ');
  return `order: ${order} (${zone === '' ? 'all zones' : `zone ${zone}`}), ${state === 'lifted' ? 'lifted' : 'in force'}; ${acknowledged.length} of ${acknowledged.length + missing.length} gates have acknowledged${silent === '' ? '' : `, NOT ${silent}`}`;
}

/** `2026-07-01 19:02:11 UTC`. */
const dateTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `12 s`, `3 min`, `5 h`, `2 days`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

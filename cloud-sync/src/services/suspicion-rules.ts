// Which uses of one ticket on one event day somebody should look at: a pure function of the uses, whatever order they came in, so that
// it can be made anew at any time to the same result.
import {
  bytesToHex,
  centralGate,
  sha256,
  utf8,
  type Sighting,
  type SuspicionKind,
  type SuspicionRules,
} from '@postern/shared';
import type { UsageRow } from '../store/usage.ts';

/** Uses of one ticket and day that are looked at, the earliest ones: many refusals are no more suspicious than these. */
export const usesPerDayMax = 500;
export const sightingsMax = 20;

export interface Suspicion {
  readonly kind: SuspicionKind;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly gates: readonly string[];
  readonly sightings: readonly Sighting[];
}

export interface Day {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Refusals that say something about the gate, not about who stands there. */
const blamelessReasons: ReadonlySet<string> = new Set([
  'cache-stale',
  'clock-untrusted',
  'zone-full',
  'method-off',
  'type-unknown',
  'lane-closed',
  'hold-timed-out',
  'store-failed',
]);

/**
 * `uses`: of one ticket, from `travelMinMs` before the day on (a pair belongs to the day of its later use), in any order. A party's
 * code may be at two gates at once.
 */
export function findSuspicions(
  uses: readonly UsageRow[],
  day: Day,
  rules: SuspicionRules,
  party: number,
): readonly Suspicion[] {
  const sorted = uses.toSorted(compareUses);
  const today = sorted.filter((use) => use.at_ms >= day.fromMs && use.at_ms < day.toMs);
  const refusals = today.filter((use) => use.kind === 'refused' && !blamelessReasons.has(use.reason ?? ''));
  const replays = refusals.filter((use) => use.reason === 'code-replayed');
  const refused = sumOf(refusals);
  return [
    ...(party > 1 ? [] : travel(sorted, day, rules.travelMinMs)),
    ...(refused < rules.refusalsMin ? [] : [suspicionOf('many-refusals', refused, refusals)]),
    ...(replays.length === 0 ? [] : [suspicionOf('code-replayed', sumOf(replays), replays)]),
  ];
}

/** Neighbours in time at two gates, nearer than anybody walks. */
function travel(sorted: readonly UsageRow[], day: Day, travelMinMs: number): readonly Suspicion[] {
  const seen = sorted.filter(isPresence);
  const involved = new Set<UsageRow>();
  let pairs = 0;
  for (const [index, use] of seen.entries()) {
    const before = seen[index - 1];
    if (before === undefined || before.gate === use.gate || use.at_ms - before.at_ms >= travelMinMs) continue;
    if (use.at_ms < day.fromMs || use.at_ms >= day.toMs) continue;
    involved.add(before).add(use);
    pairs += 1;
  }
  return pairs === 0 ? [] : [suspicionOf('impossible-travel', pairs, [...involved])];
}

/**
 * Kinds that show where a ticket's code was. Going out is none: the way out may be beside the way in.
 */
export const presenceKinds = ['admitted', 'refused'] as const;

/** What the cloud verified, with a mark or without, may have come from anywhere. */
export const placelessGates: readonly string[] = ['', centralGate];

/** Who was sent to another gate, or held up by this one, comes to the next one soon and in good faith. */
const isPresence = ({ kind, gate, reason }: UsageRow): boolean =>
  !placelessGates.includes(gate) &&
  presenceKinds.some((presence) => presence === kind) &&
  (kind === 'admitted' || (reason !== 'wrong-zone' && !blamelessReasons.has(reason ?? '')));

/** `uses` in order of time, at least one. */
function suspicionOf(kind: SuspicionKind, count: number, uses: readonly UsageRow[]): Suspicion {
  return {
    kind,
    count,
    firstAtMs: uses[0]?.at_ms ?? 0,
    lastAtMs: uses.at(-1)?.at_ms ?? 0,
    gates: [...new Set(uses.map((use) => use.gate))].filter((gate) => gate !== '').toSorted(),
    sightings: uses.slice(0, sightingsMax).map((use) => ({
      gate: use.gate,
      boot: use.boot,
      sequence: use.sequence,
      atMs: use.at_ms,
      kind: use.kind,
      ...(use.reason === null ? {} : { reason: use.reason }),
    })),
  };
}

const sumOf = (uses: readonly UsageRow[]): number => uses.reduce((sum, use) => sum + use.count, 0);

const compareUses = (a: UsageRow, b: UsageRow): number =>
  a.at_ms - b.at_ms || compareText(a.gate, b.gate) || compareText(a.boot, b.boot) || a.sequence - b.sequence;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** First 16 bytes of SHA-256("postern-suspicion-v1", event, ticket, kind, day), hexadecimal: the same whenever it is derived. */
export const suspicionId = (event: number, ticket: string, kind: SuspicionKind, day: string): string =>
  bytesToHex(sha256(utf8(`postern-suspicion-v1\0${event}\0${ticket}\0${kind}\0${day}`)).slice(0, 16));

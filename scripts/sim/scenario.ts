// What kind of day a seed gives: how many gates and visitors, how bad the network is, how wrong the clocks are.
import type { Weather } from './network.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Pace } from './world.ts';

/** `small`: three to five gates, 30 tickets, at most 300 marks, five minutes. Otherwise a day of a venue. */
export type WorldSize = 'small' | { readonly gates: number; readonly hours: number };

export interface Scenario {
  /** Honest ones. */
  readonly gates: readonly string[];
  /** One more gate, that is not. */
  readonly hostile: string | undefined;
  readonly durationMs: number;
  /** After the last fault all must agree within this. */
  readonly livenessMs: number;
  readonly tickets: number;
  readonly visits: number;
  readonly marksMax: number;
  readonly weather: Weather;
  readonly clocks: readonly { readonly gate: string; readonly offsetMs: number; readonly drift: number }[];
  /** Of the tickets, the last so many that visitors leave to the staff. */
  readonly unused: number;
  /** On average between two deeds of the staff; undefined where it does nothing but watch. */
  readonly staffGapMs: number | undefined;
  /** Until then the cloud tells nobody the time. */
  readonly timelessMs: number;
  /** On average between two faults. */
  readonly faultGapMs: number;
  readonly pace: Pace;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const hostilePercent = 35;
const staffedPercent = 70;
const unusedShare = 0.2;
/** Worlds in which nobody knows the time at first, and for how much of the day at most. */
const timelessPercent = 40;
const timelessShareMax = 0.4;
const lossPercentMax = 30;
const duplicationPercentMax = 50;
const latePercentMax = 10;
const daysOffMs = 3 * 24 * hour;
/** Visits of a gate and hour in a day of a venue, and tickets per visit. */
const visitsPerGateHour = 20;
const ticketsPerVisit = 0.7;

export function drawScenario(size: WorldSize, random: SeededRandom): Scenario {
  const gateCount = size === 'small' ? 3 + random.below(3) : size.gates;
  const names = Array.from({ length: gateCount }, (_, index) => `gate-${index + 1}`);
  const hasHostile = gateCount >= 3 && random.chance(hostilePercent);
  const gates = hasHostile ? names.slice(0, -1) : names;
  const dayVisits = size === 'small' ? 0 : size.gates * size.hours * visitsPerGateHour;
  const tickets = size === 'small' ? 30 : Math.ceil(dayVisits * ticketsPerVisit);
  const isStaffed = random.chance(staffedPercent);
  const durationMs = size === 'small' ? 5 * minute : size.hours * hour;
  const around = (most: number): number => random.below(2 * most) - most;
  return {
    gates,
    hostile: hasHostile ? names.at(-1) : undefined,
    weather: {
      lossPercent: random.below(lossPercentMax + 1),
      duplicationPercent: random.below(duplicationPercentMax + 1),
      latePercent: random.below(latePercentMax + 1),
    },
    durationMs,
    tickets,
    unused: isStaffed ? Math.floor(tickets * unusedShare) : 0,
    staffGapMs: isStaffed ? (size === 'small' ? 25 * second : minute) : undefined,
    timelessMs: random.chance(timelessPercent) ? random.below(durationMs * timelessShareMax) : 0,
    clocks: gates.map((gate) => ({
      gate,
      offsetMs: random.chance(8) ? daysOffMs : around(random.chance(25) ? hour : 2 * second),
      drift: around(100) / 1_000_000,
    })),
    ...(size === 'small'
      ? {
          livenessMs: 5 * minute,
          visits: 25 + random.below(60),
          marksMax: 275,
          faultGapMs: 4_000 + random.below(16_000),
          pace: {
            idleExchangeMs: 40_000,
            meshTickMs: 5_000,
            sayThroughMs: 60_000,
            drainMs: 1_000,
            feedPollMs: 40_000,
            askTimeMs: 60_000,
            replicaSyncMs: 30_000,
          },
        }
      : {
          livenessMs: 15 * minute,
          visits: dayVisits,
          marksMax: Number.POSITIVE_INFINITY,
          faultGapMs: 2 * minute + random.below(8 * minute),
          pace: {
            idleExchangeMs: 5 * minute,
            meshTickMs: 10_000,
            sayThroughMs: 10 * minute,
            drainMs: 10_000,
            feedPollMs: 5 * minute,
            askTimeMs: 5 * minute,
            replicaSyncMs: 15_000,
          },
        }),
  };
}

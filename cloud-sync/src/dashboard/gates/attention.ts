// How a gate is, for people: its state by tone and word, what to do about it, and which gates somebody should look at first.
import type { GateCondition, GateView, StaffTexts } from '@postern/shared';
import { labels, outOfTouchText, revokedText, wipedText } from './messages.ts';

/** Of the tones that the components have. */
type GateTone = 'good' | 'warn' | 'bad' | 'plain';
export type GateFilter = 'all' | 'attention' | 'green' | 'never' | 'gone';

/** In this order they are listed; those of a kind by name. */
const ranks: Readonly<Record<GateCondition, number>> = {
  trouble: 0,
  'out-of-touch': 1,
  never: 2,
  lost: 3,
  green: 4,
  revoked: 5,
};

const tones: Readonly<Record<GateCondition, GateTone>> = {
  green: 'good',
  trouble: 'bad',
  'out-of-touch': 'warn',
  never: 'plain',
  lost: 'warn',
  revoked: 'plain',
};

export interface GateLook {
  readonly tone: GateTone;
  readonly state: StaffTexts;
  /** What is wrong, and what to do; absent where nothing is. What a gate says of itself is in its own words. */
  readonly problem?: { readonly what: StaffTexts; readonly next: StaffTexts };
}

/** `time`: a time of day at the venue. */
export function lookOf(gate: GateView, time: (ms: number) => string): GateLook {
  const tone = gate.condition === 'trouble' && gate.trouble?.severity === 'warn' ? 'warn' : tones[gate.condition];
  const problem = problemOf(gate);
  return { tone, state: stateOf(gate, time), ...(problem === undefined ? {} : { problem }) };
}

function stateOf(gate: GateView, time: (ms: number) => string): StaffTexts {
  if (gate.wipe?.state === 'done') return wipedText(time(gate.wipe.doneAtMs ?? gate.wipe.askedAtMs));
  switch (gate.condition) {
    case 'green':
      return labels.inContact;
    case 'trouble':
      return labels.trouble;
    case 'lost':
      return gate.state === 'ok' ? labels.lostInContact : labels.lost;
    case 'revoked':
      return gate.revokedAtMs === undefined ? labels.revoked : revokedText(time(gate.revokedAtMs));
    case 'never':
      return gate.enrolled ? labels.neverHeard : labels.notEnrolled;
    case 'out-of-touch': {
      const since = gate.sinceMs ?? gate.lastContactMs;
      return since === undefined ? labels.neverHeard : outOfTouchText(time(since));
    }
  }
}

function problemOf({ condition, enrolled, state, trouble, wipe }: GateView): GateLook['problem'] {
  if (wipe !== undefined && wipe.state !== 'done') {
    const text = { en: wipe.text, de: wipe.text };
    return { what: labels.wipeAsked, next: text };
  }
  if (trouble !== undefined && condition !== 'revoked') {
    const { what, next } = trouble;
    return { what: { en: what, de: what }, next: { en: next, de: next } };
  }
  if (condition === 'out-of-touch') return { what: labels.silent, next: labels.silentNext };
  if (condition === 'never' && !enrolled) return { what: labels.notEnrolled, next: labels.notEnrolledNext };
  if (condition === 'never') return { what: labels.neverHeard, next: labels.silentNext };
  if (condition === 'lost' && state === 'ok') return { what: labels.lostInContact, next: labels.lostInContactNext };
  return undefined;
}

/** The gravest first: those that somebody has to do something about, then those that are well, then those that are gone. */
export const byAttention = (a: GateView, b: GateView): number =>
  rankOf(a) - rankOf(b) || a.name.localeCompare(b.name, undefined, { numeric: true }) || (a.id < b.id ? -1 : 1);

const rankOf = (gate: GateView): number =>
  gate.condition === 'trouble' && gate.trouble?.severity === 'warn' ? 0.5 : ranks[gate.condition];

const conditionsOf: Readonly<Record<GateFilter, readonly GateCondition[]>> = {
  all: ['green', 'trouble', 'out-of-touch', 'never', 'lost', 'revoked'],
  attention: ['trouble', 'out-of-touch'],
  green: ['green'],
  never: ['never'],
  gone: ['lost', 'revoked'],
};

/** Those that the filter and every word of `search` fit: in the name, the id or the zone's name. */
export function filterGates(
  gates: readonly GateView[],
  { filter, search, zoneName }: { filter: GateFilter; search: string; zoneName: (zone: string) => string },
): readonly GateView[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return gates.filter((gate) => {
    if (!conditionsOf[filter].includes(gate.condition)) return false;
    const text = `${gate.name} ${gate.id} ${zoneName(gate.zone)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

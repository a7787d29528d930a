// How a gate looks on the page: its shape and colour, in a word how it is, and what to do when it is not well.
import type { GateView, LiveState } from '@postern/shared';
import type { Tone } from '@postern/shared/ui';
import { timeOfDay } from '../format.ts';
import { fill, say } from '../language.ts';
import { gateTexts, lostReasons } from './texts.ts';

export interface GateLook {
  readonly tone: Tone;
  readonly label: string;
  /** What to do; absent where there is nothing to do. */
  readonly next?: string;
}

export function gateLook(gate: GateView, { timeZone }: Pick<LiveState, 'timeZone'>): GateLook {
  const at = (ms: number | undefined): string => (ms === undefined ? '–' : timeOfDay(ms, timeZone));
  switch (gate.condition) {
    case 'green':
      return { tone: 'good', label: say(gateTexts.green) };
    case 'trouble':
      return {
        tone: 'bad',
        label: gate.trouble?.what ?? say(gateTexts.trouble),
        ...(gate.trouble === undefined ? {} : { next: gate.trouble.next }),
      };
    case 'out-of-touch':
      return {
        tone: 'warn',
        label: fill(gateTexts.outOfTouch, { time: at(gate.sinceMs ?? gate.lastContactMs) }),
        next: say(gateTexts.outOfTouchNext),
      };
    case 'never':
      return gate.enrolled
        ? { tone: 'plain', label: say(gateTexts.neverHeard), next: say(gateTexts.neverNext) }
        : { tone: 'plain', label: say(gateTexts.notEnrolled), next: say(gateTexts.enrolNext) };
    case 'lost':
      return {
        tone: 'warn',
        label:
          gate.state === 'ok'
            ? say(gateTexts.lostButHeard)
            : fill(gateTexts.lost, {
                time: at(gate.lost?.atMs ?? gate.sinceMs),
                reason: say(lostReasons[gate.lost?.reason ?? 'other']),
              }),
        next: say(gateTexts.lostNext),
      };
    case 'revoked':
      return { tone: 'plain', label: fill(gateTexts.revoked, { time: at(gate.revokedAtMs ?? gate.sinceMs) }) };
  }
}

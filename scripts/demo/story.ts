// The demo's script as data: who stands at which gate when, and when the network is cut, gate A killed and everything healed.
// Written for sixty seconds; `planStory` fits it to any length. Pure: nothing here looks at a clock or does anything.
import type { Handling } from './handling.ts';

export type GateName = 'a' | 'b';
export const gateNames: readonly GateName[] = ['a', 'b'];

/** What is in the visitor's hand. `forged` is the pass with one bit flipped. */
export type Showing = 'own' | 'copy' | 'forged';

export interface Visit {
  readonly gate: GateName;
  /** Position of the ticket in the batch that the demo issues, from 1. */
  readonly ticket: number;
  readonly showing: Showing;
  readonly handling: Handling;
  /** What the story says about how the code is held. */
  readonly manner: string;
}

export type ChapterName = 'doors' | 'cut' | 'kill' | 'heal' | 'your-turn';

export interface PlannedVisit {
  /** Milliseconds after the chapter's beginning. */
  readonly afterMs: number;
  readonly visit: Visit;
}

export interface Chapter {
  readonly name: ChapterName;
  /** Milliseconds after `ready:`. */
  readonly atMs: number;
  /** In time's order; at one gate at least `slotMs` apart. */
  readonly visits: readonly PlannedVisit[];
}

/** The least time that one visitor takes at a gate: step up, be decided on, pass, make room. */
export const slotMs = 1_500;
/** The length the script is written for. */
export const scriptSeconds = 60;
/** Shorter than this, the visitors that the story cannot do without no longer fit. */
export const secondsMin = 15;
/** Longer than this, nobody watches. */
export const secondsMax = 3_600;

export const chapterStartsS: Readonly<Record<ChapterName, number>> = {
  doors: 0,
  cut: 15,
  kill: 30,
  heal: 40,
  'your-turn': 55,
};
const chapterOrder: readonly ChapterName[] = ['doors', 'cut', 'kill', 'heal', 'your-turn'];

/** Tickets with a part of their own; all others of the batch are ordinary. */
export const under18Ticket = 406;
export const foreignTicket = 407;
export const screenshotTicket = 417;
export const beforeKillTicket = 413;
export const ticketCount = 450;

interface ScriptLine {
  readonly atS: number;
  /** Kept at any length; the others only where they fit. */
  readonly essential: boolean;
  readonly visit: Visit;
}

const manners = {
  straight: { handling: { rotationDeg: 3 }, manner: 'held straight' },
  tilted: { handling: { rotationDeg: 24, noiseSd: 10 }, manner: 'tilted by 24°' },
  upsideDown: { handling: { rotationDeg: 178, noiseSd: 9, offsetX: -30 }, manner: 'upside down' },
  sideways: { handling: { rotationDeg: -86, noiseSd: 10 }, manner: 'sideways' },
  blurred: {
    handling: { carrier: 'paper', rotationDeg: -9, blurPx: 1.4, noiseSd: 12 },
    manner: 'out of focus and noisy',
  },
  dim: { handling: { rotationDeg: 12, dark: 40, light: 128, noiseSd: 14 }, manner: 'a dim screen in the dark' },
  faded: {
    handling: { carrier: 'paper', rotationDeg: -17, dark: 120, light: 220, noiseSd: 9 },
    manner: 'a faded print',
  },
  far: {
    handling: { rotationDeg: -14, modulePx: 2.9, offsetX: 60, offsetY: -20, noiseSd: 8 },
    manner: 'far from the camera',
  },
} as const satisfies Readonly<Record<string, Pick<Visit, 'handling' | 'manner'>>>;

const line = (
  atS: number,
  gate: GateName,
  ticket: number,
  manner: keyof typeof manners,
  part: 'essential' | 'extra' = 'extra',
  showing: Showing = 'own',
): ScriptLine => ({
  atS,
  essential: part === 'essential',
  visit: { gate, ticket, showing, ...manners[manner] },
});

const script: readonly ScriptLine[] = [
  line(0.5, 'a', 401, 'straight', 'essential'),
  line(1.2, 'b', 402, 'tilted'),
  line(3.2, 'a', 403, 'blurred'),
  line(3.8, 'b', 404, 'straight', 'essential', 'forged'),
  line(5.8, 'a', 405, 'upsideDown'),
  line(6.4, 'b', 408, 'dim'),
  line(8.4, 'a', foreignTicket, 'faded', 'essential'),
  line(9.2, 'b', 401, 'far', 'essential', 'copy'),
  line(11, 'b', under18Ticket, 'sideways', 'essential'),
  line(11.2, 'a', 409, 'tilted'),

  line(16.5, 'a', 410, 'dim'),
  line(17, 'b', 411, 'faded'),
  line(19, 'a', screenshotTicket, 'straight', 'essential'),
  line(20.5, 'b', 412, 'sideways'),
  line(23.5, 'b', screenshotTicket, 'far', 'essential', 'copy'),
  line(26, 'a', beforeKillTicket, 'tilted', 'essential'),
  line(27, 'b', 414, 'blurred'),

  line(31.5, 'b', 415, 'straight', 'essential'),
  line(34.5, 'b', 416, 'upsideDown'),
  line(36, 'a', beforeKillTicket, 'straight', 'essential', 'copy'),

  line(44, 'a', 418, 'far'),
  line(45, 'b', beforeKillTicket, 'dim', 'extra', 'copy'),
  line(48, 'a', 419, 'upsideDown'),
  line(49, 'b', 420, 'blurred'),
  line(52, 'a', 421, 'dim'),
];

/** The script stretched or squeezed to `seconds`. Visitors that no longer fit are left out, the essential ones never. */
export function planStory(seconds: number): readonly Chapter[] {
  const scale = (seconds * 1_000) / scriptSeconds;
  return chapterOrder.map((name, index) => {
    const startS = chapterStartsS[name];
    const nextName = chapterOrder[index + 1];
    const endS = nextName === undefined ? scriptSeconds : chapterStartsS[nextName];
    const lines = script.filter(({ atS }) => atS >= startS && atS < endS);
    const visits = gateNames.flatMap((gate) =>
      fitIntoSlots(
        lines.filter(({ visit }) => visit.gate === gate),
        startS,
        scale,
        (endS - startS) * scale,
      ),
    );
    return { name, atMs: Math.round(startS * scale), visits: visits.toSorted((a, b) => a.afterMs - b.afterMs) };
  });
}

/** One gate's visitors in one chapter: the essential ones first, each as near to its time as slots allow, then what still fits. */
function fitIntoSlots(
  lines: readonly ScriptLine[],
  startS: number,
  scale: number,
  lengthMs: number,
): readonly PlannedVisit[] {
  const placed: PlannedVisit[] = [];
  let freeFromMs = 0;
  for (const { atS, visit } of lines.filter(({ essential }) => essential)) {
    const afterMs = Math.max(Math.round((atS - startS) * scale), freeFromMs);
    placed.push({ afterMs, visit });
    freeFromMs = afterMs + slotMs;
  }
  for (const { atS, visit } of lines.filter(({ essential }) => !essential)) {
    const afterMs = Math.round((atS - startS) * scale);
    const fits = afterMs + slotMs <= lengthMs && placed.every((other) => Math.abs(other.afterMs - afterMs) >= slotMs);
    if (fits) placed.push({ afterMs, visit });
  }
  return placed;
}

// Puts into words what a gate decided. The facts come from the gate's own decision; the script only says who was holding what.
import { holdTexts, stewardText, visitorText, warningTexts, type Decision } from '@postern/shared';
import type { Tone } from './page-state.ts';
import { foreignTicket, screenshotTicket, type ChapterName, type GateName, type Visit } from './story.ts';

export interface Words {
  readonly tone: Tone;
  readonly title: string;
  readonly text?: string;
}

export const gateTitles: Readonly<Record<GateName, string>> = { a: 'Gate A', b: 'Gate B' };
/** Ids of the gates as the cloud knows them. */
export const gateIds: Readonly<Record<GateName, string>> = { a: 'gate-a', b: 'gate-b' };

export const gateTitle = (id: string): string =>
  id === gateIds.a ? gateTitles.a : id === gateIds.b ? gateTitles.b : id;
export const ticketLabel = (number: number): string => number.toString().padStart(4, '0');

export interface NarrationFacts {
  readonly nowMs: number;
  readonly timeZone: string;
  readonly networkCut: boolean;
}

export function narrateDecision(visit: Visit, decision: Decision, facts: NarrationFacts): Words {
  const who = `${gateTitles[visit.gate]} · ${describeHolder(visit)}`;
  switch (decision.kind) {
    case 'admit': {
      const unknowable =
        facts.networkCut && visit.showing === 'copy'
          ? 'Nobody can know yet: this gate cannot hear of the entry at the other one.'
          : undefined;
      const warnings = decision.warnings
        .filter((warning) => warning !== 'out-of-touch')
        .map((warning) => warningTexts[warning].en);
      return {
        tone: 'welcome',
        title: `${who} · Welcome`,
        text: [unknowable ?? sentence(visit.manner), ...warnings.map(sentence)].join(' '),
      };
    }
    case 'hold':
      return {
        tone: 'wait',
        title: `${who} · One moment`,
        text: `${holdTexts[decision.reason].en}. A steward presses Accept.`,
      };
    case 'refuse':
      return {
        tone: 'refused',
        title: `${who} · ${visitorText(decision.refusal.type).en}`,
        text: refusalText(visit, decision, facts),
      };
  }
}

function refusalText(
  visit: Visit,
  { refusal: { type, detail = {} } }: Extract<Decision, { kind: 'refuse' }>,
  { nowMs, timeZone }: NarrationFacts,
): string {
  if (detail.gate !== undefined && detail.atMs !== undefined)
    return `Entered at ${gateTitle(detail.gate)} ${Math.max(0, Math.round((nowMs - detail.atMs) / 1_000))} s ago.`;
  const steward = stewardText(type, detail, { language: 'en', timeZone, gateName: gateTitle });
  return visit.showing === 'forged' ? `One bit of the code was changed. ${sentence(steward)}` : sentence(steward);
}

function describeHolder({ ticket, showing }: Visit): string {
  const name = `ticket ${ticketLabel(ticket)}`;
  if (showing === 'forged') return `forged ${name}`;
  if (showing === 'copy') return ticket === screenshotTicket ? `screenshot of ${name}` : `copy of ${name}`;
  return ticket === foreignTicket ? `${name}, printed by somebody else` : name;
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

/** What the page says when a chapter begins. */
export const chapterWords: Readonly<Record<ChapterName, Words>> = {
  doors: {
    tone: 'info',
    title: 'Doors open',
    text: 'Each picture goes through ffmpeg and the decoder, as a camera’s would. Every entry is on disk before the turnstile opens.',
  },
  cut: {
    tone: 'alarm',
    title: 'The network is cut',
    text: 'The demo drops every socket between the three. Nobody tells the gates; they go on deciding by themselves.',
  },
  kill: {
    tone: 'alarm',
    title: 'Gate A is killed',
    text: 'SIGKILL: no goodbye. The turnstile stays shut until the process is back; what was acknowledged is in its journal.',
  },
  heal: {
    tone: 'info',
    title: 'The network is back',
    text: 'Gates and cloud exchange what the others have not seen. Histories merge; nothing is rewritten.',
  },
  'your-turn': {
    tone: 'info',
    title: 'Your turn',
    text: 'Hold the code to your own webcam, paste any text, press anything. Ctrl-C in the terminal ends it.',
  },
};

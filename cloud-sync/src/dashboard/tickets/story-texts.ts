// The story of a ticket in words: each step as a line with its symbol, what it was, and what is known about it besides.
import {
  centralGate,
  methodsOf,
  refusalCodes,
  stewardText,
  type AuditAction,
  type CaseView,
  type RefusalCode,
  type StoryStep,
  type StaffLanguage,
  type StaffTexts,
} from '@postern/shared';
import { causeTexts, enteredText, reasonTexts, stateTexts, timesOf } from '../cases/messages.ts';
import { methodTexts } from '../methods/method-texts.ts';
import { holdLabels, overrideTexts } from './messages.ts';

/** Of the kit. */
type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'plain';

export interface StoryLine {
  readonly tone: Tone;
  readonly title: string;
  /** Below the title, each a fact of its own. */
  readonly details: readonly string[];
}

const words = {
  refused: { en: 'Refused', de: 'Abgewiesen' },
  by: { en: 'by {who}', de: 'durch {who}' },
  at: { en: 'at {gate}', de: 'an {gate}' },
  lane: { en: 'lane {lane}', de: 'Spur {lane}' },
  persons: { en: '{n} persons', de: '{n} Personen' },
  method: { en: 'by: {method}', de: 'mit: {method}' },
  outOfTouch: { en: 'the gate was out of touch', de: 'das Gate war ohne Kontakt' },
  approved: { en: 'staff was asked to {what}', de: 'Personal sollte {what}' },
  likelyCause: { en: 'likely cause: {cause}', de: 'wahrscheinlich: {cause}' },
} as const satisfies Record<string, StaffTexts>;

const marks: Readonly<Record<string, { readonly tone: Tone; readonly text: StaffTexts }>> = {
  admitted: { tone: 'good', text: { en: 'Entered', de: 'Eingetreten' } },
  overridden: { tone: 'warn', text: { en: 'Let in by hand', de: 'Von Hand eingelassen' } },
  exited: { tone: 'plain', text: { en: 'Went out', de: 'Hinausgegangen' } },
  'passed-out': { tone: 'plain', text: { en: 'Let out, may come back', de: 'Ausgelassen, darf wiederkommen' } },
  refused: { tone: 'bad', text: words.refused },
  lapsed: {
    tone: 'plain',
    text: { en: 'Nobody walked through, entry given back', de: 'Niemand ging durch, Eintritt zurückgegeben' },
  },
  undone: { tone: 'plain', text: { en: 'Entry taken back', de: 'Eintritt zurückgenommen' } },
  bound: { tone: 'busy', text: { en: 'Band or tag linked', de: 'Band oder Tag zugeordnet' } },
  denied: { tone: 'bad', text: { en: 'Blocked by staff', de: 'Vom Personal gesperrt' } },
  prechecked: { tone: 'busy', text: { en: 'Seen before the gate', de: 'Vor dem Gate gesehen' } },
};

const actions: Readonly<Partial<Record<AuditAction, { readonly tone: Tone; readonly text: StaffTexts }>>> = {
  generate: { tone: 'busy', text: { en: 'Code made', de: 'Code erstellt' } },
  verify: { tone: 'plain', text: { en: 'Checked through the cloud', de: 'Über die Cloud geprüft' } },
  refusal: { tone: 'bad', text: { en: 'Refused through the cloud', de: 'Über die Cloud abgewiesen' } },
  override: {
    tone: 'warn',
    text: { en: 'Let in by hand from the dashboard', de: 'Von Hand vom Dashboard eingelassen' },
  },
  transfer: {
    tone: 'busy',
    text: { en: 'Passed on: earlier codes are dead', de: 'Weitergegeben: frühere Codes gelten nicht mehr' },
  },
  'ticket-created': { tone: 'plain', text: { en: 'Issued', de: 'Ausgestellt' } },
  'ticket-changed': { tone: 'busy', text: { en: 'Changed', de: 'Geändert' } },
  'ticket-revoked': { tone: 'bad', text: { en: 'Cancelled', de: 'Storniert' } },
  'ticket-reinstated': { tone: 'good', text: { en: 'Made valid again', de: 'Wieder gültig gemacht' } },
  'ticket-reissued': {
    tone: 'busy',
    text: { en: 'New code: earlier ones are dead', de: 'Neuer Code: frühere gelten nicht mehr' },
  },
  'ticket-denied': { tone: 'bad', text: { en: 'Blocked at once', de: 'Sofort gesperrt' } },
  'binding-settled': {
    tone: 'busy',
    text: { en: 'Band that two tickets had was settled', de: 'Doppelt zugeordnetes Band geklärt' },
  },
  'band-reserved': { tone: 'busy', text: { en: 'Band kept for it', de: 'Band vorgemerkt' } },
  'band-bound': { tone: 'busy', text: { en: 'Band linked', de: 'Band zugeordnet' } },
  'band-unbound': { tone: 'busy', text: { en: 'Band taken away', de: 'Band gelöst' } },
  'band-written': { tone: 'busy', text: { en: 'Band written', de: 'Band beschrieben' } },
  'sender-made': { tone: 'busy', text: { en: 'Phone may say where it is', de: 'Handy darf seinen Ort sagen' } },
  'sender-revoked': {
    tone: 'busy',
    text: { en: 'Phone may no longer say where it is', de: 'Handy darf seinen Ort nicht mehr sagen' },
  },
  'pre-checked': { tone: 'busy', text: { en: 'Seen before the gate', de: 'Vor dem Gate gesehen' } },
  'claim-link-made': { tone: 'busy', text: { en: 'Link for a phone made', de: 'Link fürs Handy erstellt' } },
  'claim-link-revoked': { tone: 'busy', text: { en: 'Link for a phone ended', de: 'Link fürs Handy beendet' } },
  'ticket-claimed': { tone: 'good', text: { en: 'Put on a phone', de: 'Auf ein Handy geholt' } },
  'transfer-offered': { tone: 'busy', text: { en: 'Offered to a friend', de: 'Jemandem angeboten' } },
  'transfer-withdrawn': { tone: 'busy', text: { en: 'Offer taken back', de: 'Angebot zurückgenommen' } },
  'wallet-pass-made': { tone: 'busy', text: { en: 'Pass for a wallet made', de: 'Pass für ein Wallet erstellt' } },
  'face-link-made': { tone: 'busy', text: { en: 'Link to enrol a face made', de: 'Link für ein Gesicht erstellt' } },
  'face-enrolled': { tone: 'busy', text: { en: 'Face enrolled', de: 'Gesicht hinterlegt' } },
  'face-ended': { tone: 'busy', text: { en: 'Face erased', de: 'Gesicht gelöscht' } },
  'face-exported': { tone: 'busy', text: { en: 'Face exported by its owner', de: 'Gesicht vom Inhaber exportiert' } },
  'wallet-bound': { tone: 'busy', text: { en: 'Wallet put it on a phone', de: 'Wallet hat es auf ein Handy geholt' } },
  erasure: { tone: 'plain', text: { en: 'Personal data erased', de: 'Personenbezogene Daten gelöscht' } },
  'case-changed': { tone: 'busy', text: { en: 'Case worked on', de: 'Fall bearbeitet' } },
};

const pretixKinds: Readonly<Record<'entry' | 'exit' | 'annul', StaffTexts>> = {
  entry: { en: 'Entry told to pretix', de: 'Eintritt an pretix gemeldet' },
  exit: { en: 'Exit told to pretix', de: 'Austritt an pretix gemeldet' },
  annul: { en: 'Taken back at pretix', de: 'Bei pretix zurückgenommen' },
};
const pretixStates: Readonly<Record<string, StaffTexts>> = {
  waiting: { en: 'waiting', de: 'wartet' },
  sent: { en: 'arrived', de: 'angekommen' },
  failed: { en: 'pretix refused it', de: 'von pretix abgelehnt' },
  skipped: { en: 'not sent', de: 'nicht gesendet' },
};

/** Who did it, as people know them: by name, or by the pseudonym that gates have. */
const actorOf = ({ by }: Pick<StoryStep, 'by'>): string | undefined => by?.name ?? by?.id;

export function toLine(step: StoryStep, language: StaffLanguage, timeZone: string): StoryLine {
  const say = (text: StaffTexts, values: Readonly<Record<string, string | number>> = {}): string =>
    text[language].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  const who = actorOf(step);
  const by = who === undefined ? [] : [say(words.by, { who })];
  switch (step.type) {
    case 'issued':
      return { tone: 'plain', title: say({ en: 'Issued', de: 'Ausgestellt' }), details: by };
    case 'done': {
      const known = actions[step.action];
      const where = step.gateName ?? step.gate;
      return {
        tone: known?.tone ?? 'plain',
        title: known === undefined ? step.action : say(known.text),
        details: [
          ...(where === undefined ? [] : [say(words.at, { gate: where })]),
          ...by,
          ...shownAs(step.method, say),
          ...(step.reason === undefined ? [] : [reasonText(step.reason, say, language, timeZone)]),
        ],
      };
    }
    case 'mark': {
      const { mark } = step;
      const known = marks[mark.kind];
      const code = mark.code;
      return {
        tone: known?.tone ?? 'plain',
        title:
          mark.kind === 'refused' && code !== undefined && isRefusal(code)
            ? `${say(words.refused)}: ${stewardText(code, {}, { language, timeZone })}`
            : known === undefined
              ? mark.kind
              : say(known.text),
        details: [
          say(words.at, { gate: step.gateName }),
          ...(mark.lane === '' || mark.gate === centralGate ? [] : [say(words.lane, { lane: mark.lane })]),
          ...by,
          ...((mark.persons ?? 1) > 1 ? [say(words.persons, { n: mark.persons ?? 1 })] : []),
          ...shownAs(mark.method, say),
          ...(mark.reason === undefined ? [] : [reasonText(mark.reason, say, language, timeZone)]),
          ...(mark.approved === undefined ? [] : [say(words.approved, { what: holdText(mark.approved, say) })]),
          ...(mark.outOfTouch === true ? [say(words.outOfTouch)] : []),
        ],
      };
    }
    case 'case':
      return { tone: 'bad', title: say(enteredText(timesOf(step.case))), details: caseDetails(step.case, say) };
    case 'pretix': {
      const state = pretixStates[step.state];
      return {
        tone: step.state === 'failed' ? 'warn' : 'plain',
        title: say(pretixKinds[step.kind]),
        details: [state === undefined ? step.state : say(state), ...(step.reason === undefined ? [] : [step.reason])],
      };
    }
  }
}

type Say = (text: StaffTexts, values?: Readonly<Record<string, string | number>>) => string;

/** Several proofs are joined in a mark; what is no method, such as a person's hand, is said elsewhere. */
function shownAs(method: string | undefined, say: Say): readonly string[] {
  const names = methodsOf(method ?? '').flatMap((id) => {
    const known = methodTexts[id];
    return known === undefined ? [] : [say(known.name)];
  });
  return names.length === 0 ? [] : [say(words.method, { method: names.join(' + ') })];
}

const isRefusal = (code: string): code is RefusalCode => refusalCodes.some((known) => known === code);

const holdText = (hold: string, say: Say): string => {
  const known = Object.hasOwn(holdLabels, hold) ? holdLabels[hold as keyof typeof holdLabels] : undefined;
  return known === undefined ? hold : say(known);
};

function reasonText(reason: string, say: Say, language: StaffLanguage, timeZone: string): string {
  if (isRefusal(reason)) return stewardText(reason, {}, { language, timeZone });
  return Object.hasOwn(overrideTexts, reason) ? say(overrideTexts[reason as keyof typeof overrideTexts]) : reason;
}

/** The entries themselves are steps of their own. */
function caseDetails({ cause, state, reason, note }: CaseView, say: Say): readonly string[] {
  const found = reason === undefined ? '' : `: ${say(reasonTexts[reason])}`;
  return [
    ...(reason === undefined ? [say(words.likelyCause, { cause: say(causeTexts[cause]) })] : []),
    `${say(stateTexts[state])}${found}`,
    ...(note === undefined ? [] : [note]),
  ];
}

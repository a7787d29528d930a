// What cases, the suspicious list, wristbands with two owners and marks put aside say, for staff. Kind and without accusation.
import type { CaseCause, CaseReason, CaseState, CaseView, SuspicionKind } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.cases,
  cases: { en: 'Entered twice', de: 'Doppelt eingetreten' },
  suspicions: { en: 'Suspicious', de: 'Auffällig' },
  bands: { en: 'Wristbands', de: 'Armbänder' },
  aside: { en: 'Put aside', de: 'Beiseitegelegt' },
  state: { en: 'State', de: 'Stand' },
  cause: { en: 'Likely cause', de: 'Vermutliche Ursache' },
  any: { en: 'Any', de: 'Alle' },
  gate: { en: 'Gate', de: 'Gate' },
  ticket: { en: 'Ticket', de: 'Ticket' },
  uses: { en: 'Uses', de: 'Nutzungen' },
  latest: { en: 'Latest', de: 'Zuletzt' },
  noCases: { en: 'No case is like that.', de: 'Kein Fall entspricht dem.' },
  noOpenCases: { en: 'Nobody is known to have entered twice.', de: 'Doppelte Eintritte sind nicht bekannt.' },
  back: { en: 'All cases', de: 'Alle Fälle' },
  whatHappened: { en: 'What happened', de: 'Was geschehen ist' },
  time: { en: 'Time', de: 'Zeit' },
  howSure: { en: 'How sure', de: 'Genauigkeit' },
  operator: { en: 'Operator', de: 'Personal' },
  alone: { en: 'The gate alone', de: 'Das Gate allein' },
  persons: { en: 'Persons', de: 'Personen' },
  kind: { en: 'What', de: 'Was' },
  contact: { en: 'Contact', de: 'Kontakt' },
  outOfTouch: { en: 'Out of touch', de: 'Ohne Kontakt' },
  inTouch: { en: 'In touch', de: 'Im Kontakt' },
  fits: { en: 'Entered', de: 'Eingetreten' },
  misfit: { en: 'Entered again', de: 'Noch einmal eingetreten' },
  orderUncertain: {
    en: 'Who was first cannot be known: the clocks are not that sure.',
    de: 'Wer zuerst kam, lässt sich nicht sagen: So genau gehen die Uhren nicht.',
  },
  notHeld: {
    en: 'Later marks have explained every use: this is no longer a case.',
    de: 'Spätere Einträge haben alles erklärt: Das ist kein Fall mehr.',
  },
  reopened: {
    en: 'It was worked off before; then uses came in that nobody has judged.',
    de: 'Der Fall war bearbeitet; danach kamen Nutzungen, die noch niemand beurteilt hat.',
  },
  workOff: { en: 'Work it off', de: 'Bearbeiten' },
  newState: { en: 'New state', de: 'Neuer Stand' },
  reason: { en: 'What it was', de: 'Was es war' },
  note: { en: 'Note', de: 'Notiz' },
  noteHint: { en: 'For colleagues; kept with the case', de: 'Für Kollegen; bleibt beim Fall' },
  noteNeeded: { en: 'Say why, in a few words.', de: 'Bitte kurz begründen.' },
  save: { en: 'Save', de: 'Speichern' },
  saved: { en: 'Saved.', de: 'Gespeichert.' },
  day: { en: 'Day', de: 'Tag' },
  // Suspicious list.
  noSuspicions: { en: 'Nothing suspicious is like that.', de: 'Nichts Auffälliges entspricht dem.' },
  how: { en: 'How often', de: 'Wie oft' },
  gates: { en: 'Gates', de: 'Gates' },
  judge: { en: 'Judge', de: 'Beurteilen' },
  extended: { en: 'More since it was judged', de: 'Seither ist mehr dazugekommen' },
  gone: { en: 'No longer so', de: 'Nicht mehr so' },
  rules: { en: 'What counts as suspicious', de: 'Was als auffällig gilt' },
  travel: { en: 'Seconds between two gates, at least', de: 'Sekunden zwischen zwei Gates, mindestens' },
  travelHint: { en: '0 switches it off; at most 3600', de: '0 schaltet es ab; höchstens 3600' },
  refusals: { en: 'Refusals of one ticket in a day', de: 'Ablehnungen eines Tickets an einem Tag' },
  refusalsHint: { en: 'From so many on; 1 to 500', de: 'Ab so vielen; 1 bis 500' },
  rulesInvalid: { en: 'A whole number within the limits.', de: 'Eine ganze Zahl innerhalb der Grenzen.' },
  rulesSaved: {
    en: 'Saved. The list is made anew by these rules.',
    de: 'Gespeichert. Die Liste folgt jetzt diesen Regeln.',
  },
  // Wristbands.
  noConflicts: { en: 'Every wristband has one owner.', de: 'Jedes Armband gehört genau einem Ticket.' },
  conflictTag: { en: 'One wristband, several tickets', de: 'Ein Armband, mehrere Tickets' },
  conflictTicket: { en: 'More wristbands than the party has people', de: 'Mehr Armbänder als Personen' },
  conflictText: {
    en: 'Nobody is let in on these wristbands until somebody says which is right. The choice reaches every gate.',
    de: 'Mit diesen Armbändern kommt niemand hinein, bis feststeht, welches gilt. Die Wahl erreicht jedes Gate.',
  },
  nobody: { en: 'nobody', de: 'niemandem' },
  thisOne: { en: 'This one is right', de: 'Dieses gilt' },
  noneOfThem: { en: 'None of them', de: 'Keines davon' },
  settled: { en: 'Settled.', de: 'Entschieden.' },
  // Put aside.
  noAside: { en: 'Nothing was put aside.', de: 'Nichts wurde beiseitegelegt.' },
  asideText: {
    en: 'Marks that did not come into the history: of gates that were revoked, or that have told two stories. Let in what you trust.',
    de: 'Einträge, die nicht in die Geschichte kamen: von gesperrten Gates, oder von solchen mit zwei Fassungen. Holen Sie herein, was Sie glauben.',
  },
  marks: { en: 'Marks', de: 'Einträge' },
  why: { en: 'Why', de: 'Warum' },
  from: { en: 'Brought by', de: 'Gebracht von' },
  received: { en: 'Received', de: 'Empfangen' },
  release: { en: 'Let in', de: 'Hereinholen' },
  released: { en: 'Let in', de: 'Hereingeholt' },
} as const satisfies Record<string, StaffTexts>;

export const stateTexts: Readonly<Record<CaseState, StaffTexts>> = {
  open: { en: 'Open', de: 'Offen' },
  explained: { en: 'Explained', de: 'Erklärt' },
  closed: { en: 'Closed', de: 'Abgeschlossen' },
};

/** A hint, in words that accuse nobody. */
export const causeTexts: Readonly<Record<CaseCause, StaffTexts>> = {
  're-scanned': { en: 'The same person, scanned again', de: 'Dieselbe Person, noch einmal gescannt' },
  clock: { en: 'A clock that is not right', de: 'Eine Uhr, die falsch geht' },
  'copied-code': { en: 'A code that somebody else has too', de: 'Ein Code, den noch jemand hat' },
};

export const reasonTexts: Readonly<Record<CaseReason, StaffTexts>> = {
  'same-person': { en: 'The same person', de: 'Dieselbe Person' },
  'shared-code': { en: 'A code shared among friends', de: 'Code unter Freunden geteilt' },
  'copied-code': { en: 'A copied code', de: 'Kopierter Code' },
  'clock-wrong': { en: 'A wrong clock', de: 'Falsche Uhr' },
  'staff-mistake': { en: 'A mistake of ours', de: 'Versehen des Personals' },
  'let-in-on-purpose': { en: 'Let in on purpose', de: 'Absichtlich eingelassen' },
  other: { en: 'Something else', de: 'Etwas anderes' },
};

export const suspicionTexts: Readonly<Record<SuspicionKind, StaffTexts>> = {
  'impossible-travel': { en: 'At two gates too quickly', de: 'Zu schnell an zwei Gates' },
  'many-refusals': { en: 'Refused many times', de: 'Viele Male abgelehnt' },
  'code-replayed': { en: 'A rotating code shown again', de: 'Wechselnder Code noch einmal gezeigt' },
  'double-entry': { en: 'Entered twice', de: 'Doppelt eingetreten' },
};

const timesEn = ['', 'once', 'twice', 'three times', 'four times', 'five times'];
const timesDe = ['', 'Einmal', 'Doppelt', 'Dreimal', 'Viermal', 'Fünfmal'];
export const timesOf = ({ fitting, misfitCount }: Pick<CaseView, 'fitting' | 'misfitCount'>): number =>
  fitting.length + misfitCount;
/** `Entered twice`. */
export const enteredText = (times: number): StaffTexts => ({
  en: `Entered ${timesEn[times] ?? `${times} times`}`,
  de: `${timesDe[times] ?? `${times}-mal`} eingetreten`,
});

export const mayChangeText = (gates: number): StaffTexts =>
  gates === 1
    ? { en: 'May change: 1 gate not heard from', de: 'Kann sich ändern: 1 Gate nicht gehört' }
    : { en: `May change: ${gates} gates not heard from`, de: `Kann sich ändern: ${gates} Gates nicht gehört` };
export const incompleteText = (gates: string): StaffTexts => ({
  en: `May be incomplete: lost gates: ${gates}`,
  de: `Vielleicht unvollständig: verlorene Gates: ${gates}`,
});
export const furtherText = (uses: number): StaffTexts => ({
  en: `${uses} more uses are not listed here.`,
  de: `${uses} weitere Nutzungen stehen nicht hier.`,
});
export const workedText = (state: StaffTexts, who: string, at: string): StaffTexts => ({
  en: `${state.en} by ${who}, ${at}`,
  de: `${state.de} von ${who}, ${at}`,
});
export const correctedText = (by: string): StaffTexts => ({ en: `moved by ${by}`, de: `um ${by} verschoben` });

export const settleTitle: StaffTexts = { en: 'Settle whose wristband this is?', de: 'Armband zuordnen?' };
/** `ticket` undefined: none of `bindings` is right. */
export const settleText = (ticket: string | undefined, bindings: number): StaffTexts =>
  ticket === undefined
    ? {
        en: `None of the ${bindings} bindings counts any more: nobody is let in on them. The wristband has to be bound anew.`,
        de: `Keine der ${bindings} Zuordnungen gilt mehr: Damit kommt niemand hinein. Das Armband muss neu ausgegeben werden.`,
      }
    : {
        en: `From now on this binding counts, for ticket ${ticket}; of the ${bindings} that were made, all others end. It reaches gates like every mark, and only binding anew changes it.`,
        de: `Ab jetzt gilt diese Zuordnung, für Ticket ${ticket}; von den ${bindings} enden alle anderen. Das erreicht die Gates wie jeder Eintrag und lässt sich nur durch neues Ausgeben ändern.`,
      };

const marksText = (marks: number): string => (marks === 1 ? '1 mark' : `${marks} marks`);
const eintraege = (marks: number): string => (marks === 1 ? '1 Eintrag' : `${marks} Einträge`);
export const releaseTitle = (marks: number, gate: string): StaffTexts => ({
  en: `Let in ${marksText(marks)} of “${gate}”?`,
  de: `${eintraege(marks)} von „${gate}“ hereinholen?`,
});
export const releaseText = (marks: number): StaffTexts => ({
  en: `${marksText(marks)} will be part of the history, here and at every gate: entries are counted, tickets count as used, and cases may open. It cannot be undone.`,
  de: `Hereingeholt: ${eintraege(marks)}. Das wird Teil der Geschichte, hier und an jedem Gate: Eintritte zählen, Tickets gelten als benutzt, Fälle können entstehen. Das ist endgültig.`,
});
export const releasedText = (marks: number): StaffTexts => ({
  en: `${marksText(marks)} let in.`,
  de: `${eintraege(marks)} hereingeholt.`,
});

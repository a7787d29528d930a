// What the live page says, in every language of staff.
import type { CaseView, GateCondition, GateView, StaffTexts } from '@postern/shared';

type Words = readonly [one: StaffTexts, many: StaffTexts];

export const texts = {
  live: { en: 'Live', de: 'Live' },
  noContactYet: { en: 'No contact with the cloud yet', de: 'Noch kein Kontakt zur Cloud' },
  old: {
    en: 'No contact with the cloud since {time}: what you see is old',
    de: 'Kein Kontakt zur Cloud seit {time}: Was Sie sehen, ist alt',
  },
  ownClock: {
    en: 'The clock of this computer is wrong by {age}. All times here are the cloud’s.',
    de: 'Die Uhr dieses Computers geht um {age} falsch. Alle Zeiten hier sind die der Cloud.',
  },
  oneMoment: { en: 'One moment …', de: 'Einen Moment …' },
  entered: { en: 'Entered', de: 'Eingelassen' },
  inside: { en: 'Inside', de: 'Drinnen' },
  insideHere: { en: 'inside', de: 'drinnen' },
  refused: { en: 'Refused', de: 'Abgewiesen' },
  enteredTwice: { en: 'Entered twice', de: 'Doppelt eingetreten' },
  suspicious: { en: 'Suspicious', de: 'Auffällig' },
  aside: { en: 'Marks put aside', de: 'Beiseitegelegte Einträge' },
  ticketList: { en: 'Ticket list', de: 'Ticketliste' },
  ticketListOld: { en: '{age} old', de: '{age} alt' },
  ticketListNone: { en: 'none yet', de: 'noch keine' },
  completeUpTo: { en: 'Everything known up to {time}', de: 'Alles bekannt bis {time}' },
  perMinute: { en: 'Entries per minute', de: 'Eintritte pro Minute' },
  perMinuteNow: { en: '{now} in the last minute', de: '{now} in der letzten Minute' },
  perMinuteSummary: {
    en: 'Entries per minute, the last {span}: {now} in the last minute',
    de: 'Eintritte pro Minute, letzte {span}: {now} in der letzten Minute',
  },
  busiest: { en: ', at most {most} at {time}', de: ', höchstens {most} um {time}' },
  occupancy: { en: 'Persons inside', de: 'Personen drinnen' },
  occupancySummary: { en: 'Persons inside, the last {span}: {list}', de: 'Personen drinnen, letzte {span}: {list}' },
  entries: { en: 'Entries', de: 'Eintritte' },
  exits: { en: 'Exits', de: 'Austritte' },
  span: { en: 'Time shown', de: 'Zeitraum' },
  asTable: { en: 'As a table', de: 'Als Tabelle' },
  time: { en: 'Time', de: 'Zeit' },
  zonesAndGates: { en: 'Zones and gates', de: 'Bereiche und Gates' },
  noGates: { en: 'No gate has been set up yet.', de: 'Es ist noch kein Gate eingerichtet.' },
  ofCapacity: { en: 'of {capacity}', de: 'von {capacity}' },
  probably: { en: 'probably {least}–{most}', de: 'wohl {least}–{most}' },
  atLeast: { en: 'nobody knows how many more', de: 'wie viele mehr, weiß niemand' },
  full: { en: 'Full', de: 'Voll' },
  nearlyFull: { en: 'Nearly full', de: 'Fast voll' },
  gatesLeftOut: { en: '{count} further green gates', de: '{count} weitere grüne Gates' },
  allGates: { en: 'All gates', de: 'Alle Gates' },
  refusals: { en: 'Refusals by reason', de: 'Abweisungen nach Grund' },
  noRefusals: { en: 'Nobody has been refused.', de: 'Niemand wurde abgewiesen.' },
  showAll: { en: 'Show all', de: 'Alle zeigen' },
  lastEntries: { en: 'Last entries', de: 'Letzte Eintritte' },
  nobody: { en: 'Nobody has entered yet.', de: 'Noch niemand eingelassen.' },
  gate: { en: 'Gate', de: 'Gate' },
  ticket: { en: 'Ticket', de: 'Ticket' },
  persons: { en: 'Persons', de: 'Personen' },
  how: { en: 'How', de: 'Wie' },
  letIn: { en: 'Let in by staff', de: 'Vom Personal eingelassen' },
  byGate: { en: 'Entered', de: 'Eingelassen' },
  noTicket: { en: 'no ticket', de: 'ohne Ticket' },
  noneKnown: { en: 'None known', de: 'Keine bekannt' },
  likelyCause: { en: 'Likely cause: {cause}', de: 'Wahrscheinlich: {cause}' },
  orderUncertain: {
    en: 'Who was first cannot be known: the clocks are not that sure.',
    de: 'Wer zuerst war, lässt sich nicht sagen: So genau gehen die Uhren nicht.',
  },
  mayBeIncomplete: { en: 'May be incomplete: {gates} {is} lost', de: 'Vielleicht unvollständig: {gates} verloren' },
  furtherCases: { en: 'and {count} more', de: 'und {count} weitere' },
} as const satisfies Record<string, StaffTexts>;

export const mayChange: Words = [
  { en: 'May change: 1 gate not heard from', de: 'Kann sich ändern: 1 Gate nicht gehört' },
  { en: 'May change: {count} gates not heard from', de: 'Kann sich ändern: {count} Gates nicht gehört' },
];
export const notHeardFrom: Words = [
  { en: '1 gate not heard from', de: '1 Gate nicht gehört' },
  { en: '{count} gates not heard from', de: '{count} Gates nicht gehört' },
];
export const enteredTimes: Words = [
  { en: 'Entered twice', de: 'Doppelt eingetreten' },
  { en: 'Entered {count} times', de: '{count}-mal eingetreten' },
];

/** A hint, in words that accuse nobody. */
export const causes: Readonly<Record<CaseView['cause'], StaffTexts>> = {
  're-scanned': { en: 'the same person, scanned again', de: 'dieselbe Person, noch einmal gescannt' },
  clock: { en: 'a clock that is not right', de: 'eine Uhr, die falsch geht' },
  'copied-code': { en: 'a code that somebody else has too', de: 'ein Code, den noch jemand hat' },
};

/** In a row of counts: `3 out of touch`. */
export const conditionCounts: Readonly<Record<GateCondition, StaffTexts>> = {
  green: { en: 'green', de: 'grün' },
  trouble: { en: 'in trouble', de: 'mit Störung' },
  'out-of-touch': { en: 'out of touch', de: 'ohne Kontakt' },
  never: { en: 'not enrolled or never heard', de: 'nicht eingerichtet oder nie gehört' },
  lost: { en: 'lost', de: 'verloren' },
  revoked: { en: 'revoked', de: 'gesperrt' },
};

type LostReason = NonNullable<GateView['lost']>['reason'];
export const lostReasons: Readonly<Record<LostReason, StaffTexts>> = {
  stolen: { en: 'stolen', de: 'gestohlen' },
  destroyed: { en: 'destroyed', de: 'zerstört' },
  broken: { en: 'broken', de: 'defekt' },
  'out-of-reach': { en: 'out of reach', de: 'unerreichbar' },
  other: { en: 'declared lost', de: 'als verloren erklärt' },
};

export const gateTexts = {
  green: { en: 'Green', de: 'Grün' },
  notEnrolled: { en: 'Not enrolled yet', de: 'Noch nicht eingerichtet' },
  enrolNext: {
    en: 'Make its code under Gates and scan it at the gate.',
    de: 'Code unter Gates erzeugen und am Gate scannen.',
  },
  neverHeard: { en: 'Never heard from', de: 'Nie gehört' },
  neverNext: { en: 'Start it where it reaches the cloud.', de: 'Dort starten, wo es die Cloud erreicht.' },
  outOfTouch: { en: 'Out of touch since {time}', de: 'Ohne Kontakt seit {time}' },
  outOfTouchNext: {
    en: 'It goes on by itself and sends everything later. Look at its network and power.',
    de: 'Es arbeitet allein weiter und sendet alles später. Netz und Strom prüfen.',
  },
  trouble: { en: 'Trouble', de: 'Störung' },
  lost: { en: 'Lost since {time}, {reason}', de: 'Verloren seit {time}, {reason}' },
  lostButHeard: { en: 'Lost, but in contact', de: 'Verloren, aber in Kontakt' },
  lostNext: {
    en: 'If it is back, take the declaration back under Gates.',
    de: 'Wenn es wieder da ist, unter Gates zurücknehmen.',
  },
  revoked: { en: 'Revoked {time}', de: 'Gesperrt {time}' },
  listWaits: {
    en: 'Ticket list v{has}, v{newest} waits',
    de: 'Ticketliste v{has}, v{newest} wartet',
  },
  entered: { en: '{count} entered', de: '{count} eingelassen' },
  waiting: { en: '{count} marks wait there', de: '{count} Einträge warten dort' },
} as const satisfies Record<string, StaffTexts>;

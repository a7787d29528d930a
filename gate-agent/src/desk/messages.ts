// Everything the desk says, in every language: a title that can be read at arm's length, and a hint that says what to do. The language is
// the browser's first that we have.
import type { BandDeskError, StaffSaying, SignOnError, StaffTexts } from '@postern/shared';

export const labels = {
  desk: { en: 'Band desk', de: 'Bändchen-Ausgabe' },
  operator: { en: 'Operator, or scan your staff card', de: 'Kennung, oder Personalkarte scannen' },
  pin: { en: 'PIN', de: 'PIN' },
  signOn: { en: 'Sign on', de: 'Anmelden' },
  signOff: { en: 'Sign off', de: 'Abmelden' },
  ticket: { en: 'Ticket code', de: 'Ticketcode' },
  nextTicket: { en: 'Next ticket code', de: 'Nächster Ticketcode' },
  rehearsal: {
    en: 'Rehearsal – bands linked now stay linked',
    de: 'Probe – jetzt verknüpfte Bändchen bleiben verknüpft',
  },
  given: { en: 'Bands given', de: 'Ausgegebene Bändchen' },
  cancel: { en: 'Cancel', de: 'Abbrechen' },
  goOn: { en: 'Go on', de: 'Weiter' },
  keep: { en: 'No, leave it', de: 'Nein, so lassen' },
  again: { en: 'Try again', de: 'Noch einmal' },
  leave: { en: 'Leave it so', de: 'So lassen' },
  supervisor: { en: 'supervisor', de: 'Leitung' },
  steward: { en: 'steward', de: 'Personal' },
} as const satisfies Record<string, StaffTexts>;

export const sayings = {
  signOn: { title: { en: 'Sign on', de: 'Anmelden' } },
  ticket: {
    title: { en: 'Scan or type the ticket', de: 'Ticket scannen oder eintippen' },
    hint: { en: 'Press Enter after typing', de: 'Nach dem Eintippen Enter drücken' },
  },
  band: {
    title: { en: 'Hold the band to the reader', de: 'Bändchen an den Leser halten' },
    hint: {
      en: 'Keep it there until this screen changes',
      de: 'Dort halten, bis sich diese Anzeige ändert',
    },
  },
  linking: { title: { en: 'One moment', de: 'Einen Moment' } },
  writing: {
    title: { en: 'Writing the pass', de: 'Der Pass wird geschrieben' },
    hint: {
      en: 'Keep the band there until this screen changes',
      de: 'Bändchen dort lassen, bis sich diese Anzeige ändert',
    },
  },
  lost: {
    title: { en: 'Connection to the gate lost', de: 'Verbindung zum Gate verloren' },
    hint: { en: 'Goes on by itself when it is back', de: 'Geht von selbst weiter, sobald sie wieder da ist' },
  },
} as const satisfies Record<string, StaffSaying>;

export type Question = 'other-ticket' | 'lost-band' | 'overwrite';

export const questions: Readonly<Record<Question, Required<StaffSaying> & { readonly yes: StaffTexts }>> = {
  'other-ticket': {
    title: { en: 'This band belongs to another ticket', de: 'Dieses Bändchen gehört zu einem anderen Ticket' },
    hint: {
      en: 'Take it over? For the other ticket it opens nothing any more. Only a supervisor may do this. If in doubt: no, and take a new band.',
      de: 'Übernehmen? Für das andere Ticket öffnet es dann nichts mehr. Das darf nur die Leitung. Im Zweifel: nein, und ein neues Bändchen nehmen.',
    },
    yes: { en: 'Yes, take it over', de: 'Ja, übernehmen' },
  },
  'lost-band': {
    title: { en: 'This ticket has its band already', de: 'Dieses Ticket hat schon sein Bändchen' },
    hint: {
      en: 'Is that one lost? If you replace it, the old band opens nothing any more, at any gate.',
      de: 'Ist es verloren? Wird es ersetzt, öffnet das alte Bändchen an keinem Gate mehr etwas.',
    },
    yes: { en: 'Yes, it is lost: replace it', de: 'Ja, verloren: ersetzen' },
  },
  overwrite: {
    title: { en: 'Somebody else has written on this band', de: 'Auf diesem Bändchen steht etwas Fremdes' },
    hint: {
      en: 'Band linked: it opens the gate by its number. Overwrite what is on it with the pass? It cannot be brought back. Only a supervisor may do this.',
      de: 'Bändchen verknüpft: Es öffnet das Gate mit seiner Nummer. Mit dem Pass überschreiben? Das lässt sich nicht zurückholen und darf nur die Leitung.',
    },
    yes: { en: 'Yes, overwrite it', de: 'Ja, überschreiben' },
  },
};

type ReasonWithSaying =
  | Exclude<(BandDeskError | SignOnError)['type'], 'refused' | 'band-unbound'>
  | 'no-band-reader'
  | 'no-such-reader'
  | 'not-recorded';

const notWritten: StaffSaying = {
  title: { en: 'The gate cannot record anything', de: 'Das Gate kann nichts aufzeichnen' },
  hint: { en: 'The band is not linked. Call the technician', de: 'Das Bändchen ist nicht verknüpft. Technik rufen' },
};

const reasons: Readonly<Record<ReasonWithSaying, StaffSaying>> = {
  'pin-wrong': {
    title: { en: 'Operator or PIN is wrong', de: 'Kennung oder PIN ist falsch' },
    hint: { en: 'Try again', de: 'Bitte noch einmal' },
  },
  'too-many-attempts': { title: { en: 'Too many wrong PINs', de: 'Zu viele falsche PINs' } },
  'signed-off': {
    title: { en: 'The shift is over', de: 'Die Schicht ist zu Ende' },
    hint: { en: 'Sign on again, then scan the ticket again', de: 'Neu anmelden und das Ticket noch einmal scannen' },
  },
  'role-too-low': {
    title: { en: 'A supervisor has to do that', de: 'Das darf nur die Leitung' },
    hint: {
      en: 'Take a new band, or let a supervisor sign on here',
      de: 'Ein neues Bändchen nehmen, oder die Leitung meldet sich hier an',
    },
  },
  'band-of-another-ticket': {
    title: questions['other-ticket'].title,
    hint: {
      en: 'Take a new band. Only a supervisor who signs on here can take this one over',
      de: 'Ein neues Bändchen nehmen. Dieses kann nur die Leitung übernehmen, wenn sie sich hier anmeldet',
    },
  },
  'band-reserved': {
    title: { en: 'Another desk is giving this band away', de: 'Eine andere Ausgabe vergibt dieses Bändchen gerade' },
    hint: { en: 'Take another band', de: 'Ein anderes Bändchen nehmen' },
  },
  'ticket-has-its-bands': {
    title: questions['lost-band'].title,
    hint: {
      en: 'To replace it, take a band that belongs to nobody',
      de: 'Zum Ersetzen ein Bändchen nehmen, das niemandem gehört',
    },
  },
  'no-ticket-list': {
    title: { en: 'This gate has no ticket list yet', de: 'Dieses Gate hat noch keine Ticketliste' },
    hint: { en: 'Connect it to the cloud once', de: 'Einmal mit der Cloud verbinden' },
  },
  'no-band-reader': {
    title: { en: 'This gate has no reader for wristbands', de: 'Dieses Gate hat keinen Leser für Bändchen' },
    hint: {
      en: 'Set one in gate.toml, readers = ["pcsc://"] or ["ble://"] of a lane, and start the agent again',
      de: 'In gate.toml einen eintragen, readers = ["pcsc://"] oder ["ble://"] einer Spur, und den Agenten neu starten',
    },
  },
  'no-such-reader': {
    title: { en: 'This gate has no such reader', de: 'Diesen Leser hat dieses Gate nicht' },
    hint: {
      en: 'Open this page without ?reader=…, or with the name that the gate’s status shows',
      de: 'Diese Seite ohne ?reader=… öffnen, oder mit dem Namen, den der Status des Gates zeigt',
    },
  },
  'not-recorded': {
    title: { en: 'The band is not linked', de: 'Das Bändchen ist nicht verknüpft' },
    hint: {
      en: 'The gate’s record does not say so: scan the ticket again',
      de: 'Die Aufzeichnung des Gates sagt es nicht: Ticket noch einmal scannen',
    },
  },
  'store-failed': notWritten,
  'store-stopped': notWritten,
};

const unexpected: StaffSaying = {
  title: { en: 'That did not work', de: 'Das hat nicht geklappt' },
  hint: {
    en: 'The band is not linked. Try again; the gate’s log says more',
    de: 'Das Bändchen ist nicht verknüpft. Noch einmal versuchen; mehr steht im Protokoll des Gates',
  },
};

const notThisTicket: StaffTexts = {
  en: 'No band for this ticket. Scan again, or send the visitor to the ticket desk',
  de: 'Kein Bändchen für dieses Ticket. Noch einmal scannen, oder zur Kasse schicken',
};

/** What the gate has answered instead: RFC 9457, with the fields of our types. */
export interface Problem {
  readonly type: string;
  readonly waitMs?: number;
  readonly refusal?: { readonly text: StaffTexts };
}

/** Why not, and what to do. */
export function sayProblem({ type, waitMs, refusal }: Problem): StaffSaying {
  if (refusal !== undefined) return { title: refusal.text, hint: notThisTicket };
  const saying = Object.hasOwn(reasons, type) ? reasons[type as ReasonWithSaying] : unexpected;
  if (waitMs === undefined) return saying;
  const seconds = Math.ceil(waitMs / 1_000);
  return { ...saying, hint: { en: `Wait ${seconds} seconds`, de: `${seconds} Sekunden warten` } };
}

// What the desk says of a band's pass, in every language: a sentence, and what to do. The band is linked in each of these cases.
import type { Result, StaffTexts } from '@postern/shared';
import type { NoPass, NotWritten } from './pass-port.ts';

export interface PassSaying {
  readonly title: StaffTexts;
  readonly hint: StaffTexts;
  /** `wait`: nothing is amiss, the next visitor may come. `retry`: the person at the desk can do something. */
  readonly next: 'wait' | 'retry';
}

const byNumber: StaffTexts = {
  en: 'It opens the gate by its number. Hand it over',
  de: 'Es öffnet das Gate mit seiner Nummer. Bitte aushändigen',
};
const needed: StaffTexts = {
  en: 'This ticket is refused without its pass: try again, or take another band',
  de: 'Dieses Ticket wird ohne seinen Pass abgewiesen: noch einmal versuchen, oder ein anderes Bändchen nehmen',
};
const onceMore: StaffTexts = {
  en: 'Try again before you hand it over, or take another band',
  de: 'Vor dem Aushändigen noch einmal versuchen, oder ein anderes Bändchen nehmen',
};
const unwritten = (en: string, de: string): StaffTexts => ({
  en: `Band linked; pass is not written: ${en}`,
  de: `Bändchen verknüpft; Pass nicht geschrieben: ${de}`,
});

const written: PassSaying = {
  title: { en: 'Band linked, pass written', de: 'Bändchen verknüpft, Pass geschrieben' },
  hint: { en: 'Hand it over. Next ticket, please', de: 'Bitte aushändigen. Nächstes Ticket, bitte' },
  next: 'wait',
};

const sayings: Readonly<Record<NotWritten, PassSaying>> = {
  'cloud-unreachable': {
    title: unwritten('no connection to the cloud', 'keine Verbindung zur Cloud'),
    hint: byNumber,
    next: 'wait',
  },
  'band-by-number': { title: { en: 'Band linked', de: 'Bändchen verknüpft' }, hint: byNumber, next: 'wait' },
  'band-proves-itself': {
    title: { en: 'Band linked', de: 'Bändchen verknüpft' },
    hint: { en: 'It proves itself. Hand it over', de: 'Es weist sich selbst aus. Bitte aushändigen' },
    next: 'wait',
  },
  'band-takes-no-pass': {
    title: unwritten('this kind of band carries none', 'diese Art Bändchen trägt keinen'),
    hint: byNumber,
    next: 'wait',
  },
  'band-too-small': {
    title: unwritten('this band is too small for it', 'dieses Bändchen ist zu klein dafür'),
    hint: byNumber,
    next: 'wait',
  },
  'band-locked': {
    title: unwritten('this band is locked', 'dieses Bändchen ist gesperrt'),
    hint: byNumber,
    next: 'wait',
  },
  'band-gone': {
    title: unwritten('the band was taken away', 'das Bändchen wurde weggenommen'),
    hint: { en: 'Hold it to the reader again', de: 'Noch einmal an den Leser halten' },
    next: 'retry',
  },
  'band-failed': {
    title: unwritten('the band does not answer', 'das Bändchen antwortet nicht'),
    hint: onceMore,
    next: 'retry',
  },
  'band-differs': {
    title: unwritten('the band says something else', 'das Bändchen sagt etwas anderes'),
    hint: onceMore,
    next: 'retry',
  },
  'band-holds-other': {
    title: unwritten('somebody else has written on this band', 'auf diesem Bändchen steht etwas Fremdes'),
    hint: {
      en: 'It opens the gate by its number. Only a supervisor who signs on here can overwrite what is on it',
      de: 'Es öffnet das Gate mit seiner Nummer. Überschreiben kann es nur die Leitung, wenn sie sich hier anmeldet',
    },
    next: 'retry',
  },
  'band-elsewhere': {
    title: unwritten('another desk has given this band away', 'eine andere Ausgabe hat dieses Bändchen vergeben'),
    hint: { en: 'Take another band for this ticket', de: 'Für dieses Ticket ein anderes Bändchen nehmen' },
    next: 'retry',
  },
  'cloud-refused': {
    title: unwritten('the cloud refuses it', 'die Cloud lehnt es ab'),
    hint: { en: 'Call a supervisor', de: 'Die Leitung rufen' },
    next: 'retry',
  },
};

export function sayPass(outcome: Result<void, NoPass>): PassSaying {
  if (outcome.ok) return written;
  const { type, cause, isNeeded } = outcome.error;
  const saying =
    isNeeded === true && sayings[type].hint === byNumber ? withoutWhatItNeeds(sayings[type]) : sayings[type];
  if (cause === undefined) return saying;
  return { ...saying, hint: { en: `${cause}. ${saying.hint.en}`, de: `${cause}. ${saying.hint.de}` } };
}

const withoutWhatItNeeds = (saying: PassSaying): PassSaying => ({ ...saying, hint: needed, next: 'retry' });

// What the screen says by itself, beside what the gate tells it: to visitors in the languages of the venue or of their ticket, to staff in one
// of theirs.
import { clockTime, laneTexts, type Saying, type StaffLanguage, type StaffTexts, type Texts } from '@postern/shared';

export const silentTexts: Required<Saying> = {
  title: laneTexts.oneMoment,
  hint: {
    en: 'This screen is reconnecting',
    de: 'Der Bildschirm verbindet sich neu',
    fr: 'Cet écran se reconnecte',
    es: 'La pantalla se está reconectando',
    ar: 'تعيد هذه الشاشة الاتصال',
  },
};

export const callTexts = {
  call: {
    en: 'Call staff',
    de: 'Personal rufen',
    fr: 'Appeler le personnel',
    es: 'Llamar al personal',
    ar: 'استدعاء الموظفين',
  },
  called: {
    en: 'Staff have been called',
    de: 'Das Personal ist gerufen',
    fr: 'Le personnel est prévenu',
    es: 'El personal está avisado',
    ar: 'تم استدعاء الموظفين',
  },
  failed: {
    en: 'Please try again',
    de: 'Bitte noch einmal',
    fr: 'Merci de réessayer',
    es: 'Inténtelo de nuevo',
    ar: 'يُرجى المحاولة مرة أخرى',
  },
} as const satisfies Record<string, Texts>;

export const staffTexts = {
  forStaff: { en: 'For staff', de: 'Für das Personal' },
  nothing: { en: 'All is as it should be', de: 'Alles in Ordnung' },
  here: { en: 'I am here', de: 'Ich bin da' },
  silenced: {
    en: 'No sound: the browser gives none until somebody touches this screen',
    de: 'Kein Ton: der Browser spielt keinen, bis jemand den Bildschirm berührt',
  },
} as const satisfies Record<string, StaffTexts>;

export const outOfTouchText = (sinceMs: number, language: StaffLanguage, timeZone: string): string => {
  const time = clockTime(sinceMs, language, timeZone);
  return language === 'de' ? `Arbeitet offline seit ${time}` : `Working offline since ${time}`;
};

export const unconfirmedTimeText: StaffTexts = { en: 'Time not confirmed', de: 'Uhrzeit nicht bestätigt' };

/** "2 of 5", "2–5 of 5". */
export const partyText: Texts = {
  en: '{n} of {all}',
  de: '{n} von {all}',
  fr: '{n} sur {all}',
  es: '{n} de {all}',
  ar: '{n} من {all}',
};

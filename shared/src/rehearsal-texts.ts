// What screens say while a gate rehearses: to visitors, who may stand before it by mistake, and to staff.
import type { StaffLanguage, StaffTexts, Texts } from './languages.ts';
import { clockTime } from './texts.ts';

export const rehearsalTitle: Texts = {
  en: 'Rehearsal – entries do not count',
  de: 'Probe – Eintritte zählen nicht',
  fr: 'Répétition – les entrées ne comptent pas',
  es: 'Ensayo: las entradas no cuentan',
  ar: 'تجربة – عمليات الدخول لا تُحتسب',
};

const untilTexts: StaffTexts = {
  en: 'REHEARSAL until {at}: no entry counts. Leave it before the doors open.',
  de: 'PROBE bis {at}: kein Eintritt zählt. Vor dem Öffnen der Türen verlassen.',
};

export const rehearsalStaffText = (untilMs: number, language: StaffLanguage, timeZone: string): string =>
  untilTexts[language].replace('{at}', () => clockTime(untilMs, language, timeZone));

// The language of the dashboard: what the operator chose here before, else the browser's. Texts are objects with every language of staff.
import { signal } from '@preact/signals';
import { staffLanguageOf, type StaffLanguage, type StaffTexts } from '@postern/shared';

export type { StaffLanguage, StaffTexts };
export const languageChoices = [
  { value: 'en', label: 'English' },
  { value: 'de', label: 'Deutsch' },
] as const;

const keptAs = 'postern-language';

function keptLanguage(): string | null {
  try {
    return localStorage.getItem(keptAs);
  } catch {
    // Storage is switched off: the browser's language it is.
    return null;
  }
}

export const language = signal<StaffLanguage>(
  staffLanguageOf([keptLanguage() ?? '', ...navigator.languages].filter((tag) => tag !== '')),
);
language.subscribe((chosen) => {
  document.documentElement.lang = chosen;
});

export function chooseStaffLanguage(chosen: StaffLanguage): void {
  language.value = chosen;
  try {
    localStorage.setItem(keptAs, chosen);
  } catch {
    // Then it lasts until the page is loaded again.
  }
}

/** A text in the language of whoever reads; drawn again when they choose another. */
export const say = (texts: StaffTexts): string => texts[language.value];

/** The same with its placeholders: `{time}`. */
export const fill = (texts: StaffTexts, facts: Readonly<Record<string, string | number>>): string =>
  say(texts).replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => String(facts[name] ?? placeholder));

/** One or many, with `{count}`. */
export const fillCount = ([one, many]: readonly [StaffTexts, StaffTexts], count: number): string =>
  fill(count === 1 ? one : many, { count });

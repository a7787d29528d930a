// In which language a page speaks, and what a page's own texts look like. Pages take this alone: the list of the gate's texts stays out of them.
import type { Language, Texts } from './texts.ts';

/** A title that can be read at arm's length, and a hint that says what to do. */
export interface Saying {
  readonly title: Texts;
  readonly hint?: Texts;
}

const known: readonly string[] = ['en', 'de'] satisfies readonly Language[];

/** The first that we have of those that the browser prefers (`navigator.languages`); English when we have none. */
export const chooseLanguage = (preferred: readonly string[]): Language =>
  (preferred.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => known.includes(tag)) as Language | undefined) ??
  'en';

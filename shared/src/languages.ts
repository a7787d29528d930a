// The languages of Postern's screens. Visitors are spoken to in five, of which a venue shows two; staff, who are trained on one deployment, in
// two. Pages take this alone: the list of the gate's texts stays out of them.

/** Feeds have positions in this list: new ones go to its end. */
export const languages = ['en', 'de', 'fr', 'es', 'ar'] as const;
export type Language = (typeof languages)[number];
/** What visitors read: one text in every language. */
export type Texts = Readonly<Record<Language, string>>;

export const staffLanguages = ['en', 'de'] as const satisfies readonly Language[];
export type StaffLanguage = (typeof staffLanguages)[number];
/** What staff and operators read. */
export type StaffTexts = Readonly<Record<StaffLanguage, string>>;

/** A title that can be read at arm's length, and a hint that says what to do. */
export interface Saying<Text = Texts> {
  readonly title: Text;
  readonly hint?: Text;
}
export type StaffSaying = Saying<StaffTexts>;

const primary = (tag: string): string => tag.split(/[-_]/, 1)[0]?.toLowerCase() ?? '';

/** Of a tag such as `fr-CA` or `de_DE`; undefined for a language that we have not. */
export const languageOf = (tag: string): Language | undefined =>
  languages.find((language) => language === primary(tag));

const firstOf = <Known extends string>(known: readonly [Known, ...Known[]], preferred: readonly string[]): Known => {
  for (const tag of preferred) {
    const found = known.find((language) => language === primary(tag));
    if (found !== undefined) return found;
  }
  return known[0];
};

/** The first that we have of those that a browser prefers (`navigator.languages`); English when we have none. */
export const chooseLanguage = (preferred: readonly string[]): Language => firstOf(languages, preferred);

/** The same for what staff read: of a venue's languages, or of those that a browser prefers. */
export const staffLanguageOf = (preferred: readonly string[]): StaffLanguage => firstOf(staffLanguages, preferred);

/** For `dir` of what is written in it. */
export const directionOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr');

const locales: Readonly<Record<Language, string>> = {
  en: 'en-GB',
  de: 'de-DE',
  fr: 'fr-FR',
  es: 'es-ES',
  // The digits that are printed on tickets and seats.
  ar: 'ar-u-nu-latn',
};
/** For `Intl`: dates and times as a venue in Europe writes them. */
export const localeOf = (language: Language): string => locales[language];

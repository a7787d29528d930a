// In which language somebody is spoken to at gates: one of those that gates speak, or as the venue does.
import { languages, type Language } from '@postern/shared';
import { SelectField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { language, say, type StaffTexts } from '../language.ts';

const asVenue: StaffTexts = { en: 'as the venue does', de: 'wie am Ort üblich' };

/** `English`, `Deutsch`: in the language of whoever reads. */
export const languageName = (tag: string): string =>
  new Intl.DisplayNames([language.value], { type: 'language' }).of(tag) ?? tag;

export const LanguageField = ({
  label,
  value,
  onValue,
}: {
  readonly label: string;
  readonly value: Language | '';
  readonly onValue: (value: Language | '') => void;
}): JSX.Element => (
  <SelectField<Language | ''>
    label={label}
    value={value}
    choices={[
      { value: '', label: say(asVenue) },
      ...languages.map((tag) => ({ value: tag, label: languageName(tag) })),
    ]}
    onValue={onValue}
  />
);

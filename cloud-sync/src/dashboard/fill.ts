// Texts with places for names and numbers: `{n} tickets issued`.
import { say, type StaffTexts } from './language.ts';

export const fill = (texts: StaffTexts, values: Readonly<Record<string, string | number>>): string =>
  say(texts).replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

// What follows the `?` in the address of a device, read setting by setting: a key that nobody asks for and a value out of range
// are complaints that name what would be right. The first complaint stands.
import { err, ok, type Result } from '@postern/shared';

/** An address that cannot be what somebody meant, and what would be right. */
export interface DeviceUriError {
  readonly type: 'device-uri-invalid';
  readonly cause: string;
}

export const deviceUriError = (cause: string): Result<never, DeviceUriError> =>
  err({ type: 'device-uri-invalid', cause });

export interface DeviceSettings {
  /** A whole number, or `fallback` where it is not given. */
  readonly whole: <F>(key: string, min: number, max: number, fallback: F) => number | F;
  /** One of some words; the first one where it is not given. */
  readonly word: <W extends string>(key: string, words: readonly [W, ...W[]]) => W;
  /** Any short text. */
  readonly text: (key: string) => string | undefined;
}

/** Whatever `read` makes of the settings, unless it leaves one unread or one is wrong; then a sentence about that. */
export function readDeviceSettings<T>(query: string, read: (settings: DeviceSettings) => T): Result<T, DeviceUriError> {
  const given = new URLSearchParams(query);
  const known: string[] = [];
  const complaints: string[] = [];
  const take = (key: string): string | undefined => {
    known.push(key);
    if (given.getAll(key).length > 1) complaints.push(`${key} is given twice`);
    return given.get(key) ?? undefined;
  };
  const value = read({
    whole: (key, min, max, fallback) => {
      const text = take(key);
      if (text === undefined) return fallback;
      const number = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (number >= min && number <= max) return number;
      complaints.push(`${key} must be a whole number from ${min} to ${max}`);
      return fallback;
    },
    word: (key, words) => {
      const text = take(key);
      const word = text === undefined ? words[0] : words.find((candidate) => candidate === text);
      if (word === undefined) complaints.push(`${key} must be ${words.join(' or ')}`);
      return word ?? words[0];
    },
    text: (key) => {
      const text = take(key);
      if (text === undefined || /^[\w.:-]{1,100}$/.test(text)) return text;
      complaints.push(`${key} must be 1 to 100 letters, digits or ._:-`);
      return undefined;
    },
  });
  const strange = [...given.keys()].find((key) => !known.includes(key));
  if (strange !== undefined) complaints.unshift(`"${strange.slice(0, 40)}" is not known; valid: ${known.join(', ')}`);
  return complaints[0] === undefined ? ok(value) : deviceUriError(complaints[0]);
}

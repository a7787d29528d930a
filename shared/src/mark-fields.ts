// The fields of a mark as they come out of CBOR, hostile ones too: taken from the front, each by name and in its range, none left over.
// The first that is not as it should be ends it.
import { bytesToHex } from './bytes.ts';
import type { CborValue } from './cbor.ts';
import { assert, err, ok, type Result } from './result.ts';

export type MarkError = { readonly type: 'malformed'; readonly cause: string };

export interface MarkFields {
  readonly values: readonly CborValue[];
  index: number;
}

const textCharsMax = 64;

class FieldError extends Error {}

/** What `read` makes of the values, all of them. */
export function readFields<T>(values: readonly CborValue[], read: (fields: MarkFields) => T): Result<T, MarkError> {
  const fields = { values, index: 0 };
  try {
    const whole = read(fields);
    if (fields.index !== values.length) fail('more fields than a mark of this kind has');
    if (values.at(-1) === null) fail('a last field that says nothing');
    return ok(whole);
  } catch (cause) {
    if (cause instanceof FieldError) return err({ type: 'malformed', cause: cause.message });
    throw cause;
  }
}

/** Ends the reading that `readFields` has begun. */
export function fail(cause: string): never {
  throw new FieldError(cause);
}

const take = (fields: MarkFields): CborValue | undefined => fields.values[fields.index++];

export const isAtEnd = (fields: MarkFields): boolean => fields.index >= fields.values.length;

export function takeInteger(fields: MarkFields, name: string, min: number, max: number): number {
  const value = take(fields);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    return fail(`${name} out of range`);
  return value;
}

export function takeText(fields: MarkFields, name: string): string {
  const value = take(fields);
  // Not every database can keep a NUL, and no honest text has one.
  if (typeof value !== 'string' || value.length > textCharsMax || value.includes('\0'))
    return fail(`${name} is no short text`);
  return value;
}

export function takeFlag(fields: MarkFields, name: string): boolean {
  const value = take(fields);
  return typeof value === 'boolean' ? value : fail(`${name} is no flag`);
}

/** An index of `of`. */
export function takeChoice<T>(fields: MarkFields, name: string, of: readonly T[]): T {
  const chosen = of[takeInteger(fields, name, 0, of.length - 1)];
  assert(chosen !== undefined, 'an index in range has an item');
  return chosen;
}

/** Bytes, as many as one of `lengths`. */
export function takeHex(fields: MarkFields, name: string, ...lengths: readonly number[]): string {
  const value = take(fields);
  if (!(value instanceof Uint8Array) || !lengths.includes(value.length)) return fail(`${name} of a wrong length`);
  return bytesToHex(value);
}

/** What says nothing is null, and is not written at all where nothing follows it. */
export function takeOptional<T>(fields: MarkFields, takeIt: (fields: MarkFields) => T): T | undefined {
  if (fields.values[fields.index] !== null) return isAtEnd(fields) ? undefined : takeIt(fields);
  fields.index++;
  return undefined;
}

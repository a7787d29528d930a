// Expected failures are values, bugs are exceptions: the two helpers every other file builds on.

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Err<E> = { readonly ok: false; readonly error: E };
export type Result<T, E extends { readonly type: string }> = Ok<T> | Err<E>;

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value });
export const err = <E extends { readonly type: string }>(error: E): Err<E> => ({ ok: false, error });

/** Throws when `condition` is false: a bug in our own code, never a reaction to input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Bug: ${message}`);
}

/** Makes a switch over a union complete: a case nobody handled does not compile, and throws if it happens anyway. */
export function exhaustive(value: never): never {
  throw new Error(`Bug: unhandled case ${JSON.stringify(value)}`);
}

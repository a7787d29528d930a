// Keys for requests that must not be done twice: asked again with the same one, the cloud answers what it answered before (Idempotency-Key).
let make: (() => string) | undefined;

/** Once, by the page's beginning. */
export function useRequestKeys(maker: () => string): void {
  make = maker;
}

export const newRequestKey = (): string => make?.() ?? '';
export const onceOnly = (key: string): Readonly<Record<string, string>> =>
  key === '' ? {} : { 'Idempotency-Key': key };

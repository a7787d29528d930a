// Time zones as browsers know them.
export function timeZones(): readonly string[] {
  // Safari before 15.4 and the like know no list; what is typed is checked all the same.
  return typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
}

export const ownTimeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // It throws at names that it does not know.
    return false;
  }
}

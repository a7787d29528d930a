// The time zone of things that happen at no venue: users, keys, programs.
/** What belongs to no event is told in the reader's own time. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

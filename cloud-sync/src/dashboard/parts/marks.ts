// How sure a time is, and which ticket is meant, in few characters.

/** `±0.1 s`: half of the interval in which the true time is. */
export const uncertainty = (ms: number): string =>
  ms < 10_000 ? `±${(Math.max(ms, 100) / 1_000).toFixed(1)} s` : `±${Math.round(ms / 1_000)} s`;

/** The end of a ticket's id: enough to tell two apart on a screen. */
export const ticketLabel = (id: string): string => `…${id.slice(-6)}`;

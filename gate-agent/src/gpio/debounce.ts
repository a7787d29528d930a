// Persons out of the edges of a passage sensor. One person makes one: contacts bounce when they close and when they open, and a
// light barrier flickers at a coat, so an edge counts only where the line has been quiet before.
export interface Debounce {
  /** True for the edge that is a person: the line goes on after a quiet time. Every edge, on or off, begins the quiet time anew. */
  readonly isPerson: (goesOn: boolean, atMs: number) => boolean;
}

export function createDebounce(quietMs: number): Debounce {
  let lastEdgeMs = Number.NEGATIVE_INFINITY;
  return {
    isPerson: (goesOn, atMs) => {
      const wasQuiet = atMs - lastEdgeMs >= quietMs;
      lastEdgeMs = Math.max(lastEdgeMs, atMs);
      return goesOn && wasQuiet;
    },
  };
}

/** One line of gpiomon as our formats make it: `1 22 1234 567890123` (version 1) or `1 22 1234.567890123` (version 2). */
export function parseEdge(text: string): { readonly goesOn: boolean; readonly atMs: number } | undefined {
  const [, kind, seconds, nanoseconds = '0'] =
    /^([012]) \d{1,5} (\d{1,12}(?:\.\d{1,9})?)(?: (\d{1,9}))?$/.exec(text.trim()) ?? [];
  return kind === undefined
    ? undefined
    : { goesOn: kind === '1', atMs: Number(seconds) * 1_000 + Number(nanoseconds) / 1_000_000 };
}

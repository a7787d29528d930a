// Reads addresses without an exception, also where browsers have no `URL.canParse` yet.

export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // That it is none is the answer.
    return undefined;
  }
}

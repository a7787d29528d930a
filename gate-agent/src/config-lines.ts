// Finds things in a TOML text for error messages: the line on which a key stands, and the known key that a typo most resembles.

/**
 * 1-based line of the key at `path` (`['lanes', 1, 'direction']`), else of its table, else 1. A reading of table headers and
 * `key =` beginnings only: exact for the files people write by hand, close for inline tables.
 */
export function locateLine(text: string, path: readonly (string | number)[]): number {
  const [section, ...rest] = path;
  const arrayIndex = typeof rest[0] === 'number' ? rest[0] : undefined;
  const key = rest.find((part) => typeof part === 'string');
  let current: string | undefined;
  let seen = -1;
  let tableLine: number | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const header = /^\[(\[)?\s*"?([^\]"]+?)"?\s*\]/.exec(line);
    if (header !== null) {
      current = header[2];
      if (header[1] !== undefined && current === section) seen++;
      if (current === section && (arrayIndex === undefined || seen === arrayIndex)) tableLine ??= index + 1;
      continue;
    }
    const found = /^"?([A-Za-z0-9_-]+)"?\s*[.=]/.exec(line)?.[1];
    if (found === undefined) continue;
    if (current === undefined && found === section) tableLine ??= index + 1;
    if (key !== undefined && current === section && found === key && (arrayIndex === undefined || seen === arrayIndex))
      return index + 1;
  }
  return tableLine ?? 1;
}

/** The candidate at most two edits away from `word`, ignoring case and dashes; undefined when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, '');
  const scored = candidates.map((candidate) => ({ candidate, distance: editDistance(plain(word), plain(candidate)) }));
  const best = scored.toSorted((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= 2 ? best.candidate : undefined;
}

/** Levenshtein distance by the usual row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

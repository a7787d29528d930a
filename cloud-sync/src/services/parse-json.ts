/** The value that `text` says in JSON; undefined, which fits no schema, for anything else. For texts that somebody may have altered. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: that is the answer.
    return undefined;
  }
}

// Everything that happens in a simulated world, in order: hashed as a whole, so that two runs can be compared by one line, and the last
// steps kept in words for whoever looks into a violation.
import { bytesToHex, createSha256, utf8 } from '@postern/shared';

export interface Trace {
  readonly note: (kind: string, ...facts: readonly (string | number | boolean)[]) => void;
  /** Bytes that went over the network: in the hash, not in the words. */
  readonly bytes: (bytes: Uint8Array) => void;
  readonly lastSteps: () => readonly string[];
  /** How often each kind of step was noted. */
  readonly counts: () => ReadonlyMap<string, number>;
  /** SHA-256 over all of it; the trace ends here. */
  readonly digest: () => string;
}

const stepsKept = 30;

/** `onStep` gets every step in words. */
export function createTrace(nowMs: () => number, onStep: (step: string) => void = () => {}): Trace {
  const hash = createSha256();
  const counts = new Map<string, number>();
  let steps: string[] = [];
  return {
    note: (kind, ...facts) => {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const line = `${(nowMs() / 1_000).toFixed(3)} ${kind} ${facts.join(' ')}`;
      hash.update(utf8(`${line}\n`));
      onStep(line);
      steps.push(line);
      if (steps.length >= 4 * stepsKept) steps = steps.slice(-stepsKept);
    },
    bytes: (bytes) => hash.update(bytes),
    counts: () => counts,
    lastSteps: () => steps.slice(-stepsKept),
    digest: () => bytesToHex(hash.digest()),
  };
}

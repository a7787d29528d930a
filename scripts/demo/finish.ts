// The end of the story: waits, within bounds, until the cloud and both gates have the same history, then counts.
import { countAll, type Totals } from './counts.ts';

export interface Converged {
  readonly totals: Totals;
  readonly pairs: number;
  /** Content hashes of gate A, the cloud and gate B. */
  readonly hashes: readonly (string | undefined)[];
}

export interface FinishDeps {
  readonly journals: readonly [string, string];
  readonly cloudDatabase: string;
  readonly hashes: () => Promise<readonly (string | undefined)[]>;
  readonly sleep: (ms: number) => Promise<void>;
}

const pollMs = 250;

/** Looks until everything has arrived and the hashes are equal, at most `withinMs`; answers with what there is then. */
export async function converge(
  { journals, cloudDatabase, hashes, sleep }: FinishDeps,
  withinMs: number,
): Promise<Converged> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const seen = { ...countAll(journals, cloudDatabase), hashes: await hashes() };
    if (complaintsOf(seen).length === 0 || waitedMs >= withinMs) return seen;
    await sleep(pollMs);
  }
}

/** Why the demo has failed; empty when everything is as it must be. */
export function complaintsOf({ totals, pairs, hashes }: Converged): readonly string[] {
  const equal = hashes.every((hash) => hash !== undefined && hash === hashes[0]);
  return [
    ...(totals.lost > 0 ? [`${totals.lost} marks committed at a gate are not in the cloud`] : []),
    ...(totals.doubleEntries === pairs
      ? []
      : [`the cloud knows ${totals.doubleEntries} double entries, the journals hold ${pairs}`]),
    ...(equal
      ? []
      : [`the histories differ: gate A ${short(hashes[0])}, cloud ${short(hashes[1])}, gate B ${short(hashes[2])}`]),
  ];
}

const short = (hash: string | undefined): string => hash?.slice(0, 12) ?? 'unknown';

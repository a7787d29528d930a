// Looks from outside into the databases of gates that run as processes, until a ticket's mark is there.
import { setTimeout as rest } from 'node:timers/promises';
import { openDatabase } from '../../gate-agent/src/store/database.ts';

/** Into each database; every look costs the gates a little of the machine. */
const lookEveryMs = 2;
/** A mark that takes longer is lost, and so is the benchmark. */
const giveUpMs = 60_000;

export interface MarkWatch {
  readonly has: (ticket: Uint8Array) => boolean;
  readonly close: () => void;
}

/** Looks into a gate's database from outside; cheap while nothing is committed there. */
export function watchMarks(path: string): MarkWatch {
  const database = openDatabase(path, { readonly: true });
  const find = database.prepare('SELECT 1 FROM mark WHERE ticket = ?').pluck();
  let seen: unknown;
  return {
    has: (ticket) => {
      const version = database.pragma('data_version', { simple: true });
      if (version === seen) return false;
      seen = version;
      return find.get(ticket) === 1;
    },
    close: () => void database.close(),
  };
}

/** The time at which the last of them has the ticket's mark. */
export async function untilAll(watches: readonly (MarkWatch | undefined)[], ticket: Uint8Array): Promise<number> {
  let waiting = [...watches];
  for (const deadlineMs = performance.now() + giveUpMs; performance.now() < deadlineMs; await rest(lookEveryMs)) {
    waiting = waiting.filter((watch) => watch?.has(ticket) !== true);
    if (waiting.length === 0) return performance.now();
  }
  throw new Error(`${waiting.length} gates did not hear of a mark`);
}

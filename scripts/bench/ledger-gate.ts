// A gate's journal, segments and replica on a real disk, with other gates' chunks ready to be given to it: each step of a mark's way can be
// timed by itself. What the gate does when nobody comes happens between measurements.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  createIngest,
  createOwnSegments,
  encodeMark,
  type EncodedMark,
  type Ledger,
  type SignedChunk,
  type Timer,
  type WriterId,
} from '@postern/shared';
import { createJournalReader } from '../../gate-agent/src/store/journal-reader.ts';
import { openReplica } from '../../gate-agent/src/store/replica.ts';
import { createGateStore } from '../../gate-agent/src/store/store.ts';
import { createSystemClock } from '../../gate-agent/src/system.ts';
import { feedEvent, feedPolicy, feedStartMs, generatedTicket } from '../lib/build-feed.ts';
import { fillReplica } from '../lib/fill-replica.ts';
import {
  admittedMark,
  createMemoryJournal,
  simulatedBoot,
  simulatedDirectory,
  simulatedKeys,
} from '../sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../sim/memory-replica-store.ts';
import { quietLogger } from '../sim/replica.ts';

export const ownGate = 'gate-1';
export const otherGate = 'gate-2';

/** A mark as it is in use: of a ticket that we have issued, or of somebody else's code. */
export function benchMark(writer: WriterId, sequence: number, ticket: number, coded = false): EncodedMark {
  const { mark } = admittedMark(writer, sequence, ticket, { ms: feedStartMs + sequence * 700, counter: 0 });
  const known = { ...mark, ticketId: generatedTicket(ticket, coded).ticket.id };
  return { mark: known, bytes: encodeMark(known) };
}

export const writerOf = (gate: string): WriterId => ({ event: feedEvent, gate, boot: simulatedBoot(gate, 1) });

/** The chunks in which a gate's marks travel when `perChunk` of them are made between two exchanges. */
export async function makeChunks(
  ledger: Ledger,
  gate: string,
  tickets: readonly number[],
  perChunk: number,
): Promise<readonly SignedChunk[]> {
  const writer = writerOf(gate);
  const journal = createMemoryJournal();
  const store = createMemoryReplicaStore();
  const chunks: SignedChunk[] = [];
  const own = createOwnSegments({
    ...writer,
    secretKey: simulatedKeys(gate).secretKey,
    ledger,
    store: {
      ...store,
      append: (acceptance) => {
        chunks.push(acceptance.chunk);
        return store.append(acceptance);
      },
    },
    journal,
    log: quietLogger,
    breathe: async () => {},
  });
  for (let start = 0; start < tickets.length; start += perChunk) {
    for (const [index, ticket] of tickets.slice(start, start + perChunk).entries())
      journal.add(benchMark(writer, start + index + 1, ticket));
    await own.drain();
  }
  return chunks;
}

export interface LedgerGate {
  /** One visitor after the other, each committed with `synchronous=FULL`. */
  readonly admit: (tickets: readonly number[]) => Promise<void>;
  /** What the journal has since the last call, into signed segments, stored. */
  readonly drain: () => Promise<void>;
  /** Another gate's chunks: checked, stored, projected. */
  readonly take: (chunks: readonly SignedChunk[]) => Promise<void>;
  readonly rest: () => void;
  /** Bytes of journal and replica on the disk. */
  readonly sizes: () => { readonly journal: number; readonly replica: number };
  readonly close: () => Promise<void>;
}

/** `marksKnown`: marks of other gates that it has learned before. */
export function openLedgerGate(folder: string, ledger: Ledger, marksKnown: number): LedgerGate {
  const [journalPath, replicaPath] = [join(folder, 'journal.db'), join(folder, 'replica.db')];
  if (marksKnown > 0)
    fillReplica({
      path: replicaPath,
      event: feedEvent,
      marks: marksKnown,
      atMs: feedStartMs,
      ticketId: (index) => generatedTicket(10_000_000 + index).ticket.id,
    });
  let pending: (() => void)[] = [];
  const timer: Timer = {
    after: (_ms, fn) => {
      pending.push(fn);
      return () => void (pending = pending.filter((other) => other !== fn));
    },
  };
  const writer = writerOf(ownGate);
  const store = createGateStore({
    journalPath,
    replicaPath,
    ...writer,
    clock: createSystemClock(),
    timer,
    logger: quietLogger,
    time: () => ({ nowMs: feedStartMs, trusted: true, source: 'server', uncertaintyMs: 20 }),
    policy: () => feedPolicy,
    ticket: (id) => ({ id, type: 1, epoch: 0, status: 'valid', party: 1 }),
  });
  const journal = createJournalReader(journalPath);
  const breathe = async (): Promise<void> => {};
  const replica = openReplica({ path: replicaPath, journal, breathe });
  const ingest = createIngest({
    ledger,
    store: replica,
    directory: simulatedDirectory([ownGate, otherGate]),
    log: quietLogger,
  });
  const own = createOwnSegments({
    ...writer,
    secretKey: simulatedKeys(ownGate).secretKey,
    ledger,
    store: replica,
    journal,
    log: quietLogger,
    breathe,
  });
  return {
    admit: async (tickets) => {
      for (const ticket of tickets) {
        const ticketId = generatedTicket(ticket).ticket.id;
        const { mark } = admittedMark(writer, 1, ticket, { ms: feedStartMs, counter: 0 });
        const admitted = await store.admit(ticketId, () => ({ decision: undefined, mark: { ...mark, ticketId } }));
        if (!admitted.ok) throw new Error(admitted.error.type);
      }
    },
    drain: async () => {
      const drained = await own.drain();
      if (!drained.ok) throw new Error(drained.error.cause);
    },
    take: async (chunks) => {
      for (const chunk of chunks) {
        const taken = await ingest.chunk(chunk, otherGate);
        if (!taken.ok) throw new Error(taken.error.type);
      }
    },
    rest: () => {
      const due = pending;
      pending = [];
      for (const fn of due) fn();
    },
    sizes: () => ({ journal: bytesOf(journalPath), replica: bytesOf(replicaPath) }),
    close: async () => {
      await store.close();
      replica.close();
      journal.close();
    },
  };
}

const bytesOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

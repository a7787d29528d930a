// Gates with keys, and plausible marks of theirs, for simulations, tests and benchmarks: repeatable from a seed.
import {
  encodeMark,
  keyPairFromSeed,
  sha256,
  bytesToHex,
  utf8,
  type EncodedMark,
  type GateDirectory,
  type HybridTimestamp,
  type LocalJournalReader,
  type KeyPair,
  type Mark,
  type WriterId,
} from '@postern/shared';
import { simulatedZone } from './world.ts';

const keysByName = new Map<string, KeyPair>();

export function simulatedKeys(name: string): KeyPair {
  const keys = keysByName.get(name) ?? keyPairFromSeed(sha256(utf8(`simulated key of ${name}`)));
  keysByName.set(name, keys);
  return keys;
}

/** Knows every gate that is named, under its simulated key. */
export const simulatedDirectory = (
  gates: readonly string[],
  revoked: ReadonlySet<string> = new Set(),
): GateDirectory => ({
  gateKey: async (_event, gate) =>
    gates.includes(gate)
      ? { publicKey: simulatedKeys(gate).publicKey, state: revoked.has(gate) ? 'revoked' : 'active' }
      : undefined,
});

export const simulatedTicket = (number: number): string => bytesToHex(sha256(utf8(`ticket ${number}`)).slice(0, 16));
export const simulatedBoot = (gate: string, start: number): string =>
  bytesToHex(sha256(utf8(`${gate} start ${start}`)).slice(0, 8));

/** What every mark has. */
const baseOf = ({ event, gate, boot }: WriterId, sequence: number, at: HybridTimestamp) =>
  ({
    event,
    gate,
    boot,
    sequence,
    at,
    monotonicMs: at.ms % 86_400_000,
    clock: { source: 'server', uncertaintyMs: 100 },
    lane: 'l1',
  }) as const;

const encoded = (mark: Mark): EncodedMark => ({ mark, bytes: encodeMark(mark) });

/** `ticket` is an id, or the number of a simulated one. */
export const admittedMark = (
  writer: WriterId,
  sequence: number,
  ticket: number | string,
  at: HybridTimestamp,
  zone = 'main',
): EncodedMark =>
  encoded({
    ...baseOf(writer, sequence, at),
    kind: 'admitted',
    ticketId: typeof ticket === 'string' ? ticket : simulatedTicket(ticket),
    epoch: 1,
    method: 'qr',
    ticketType: 1,
    zone,
    uses: 1,
    outOfTouch: false,
    peersReachable: 2,
  });

export const recountedMark = (writer: WriterId, sequence: number, persons: number, at: HybridTimestamp): EncodedMark =>
  encoded({ ...baseOf(writer, sequence, at), kind: 'recounted', zone: simulatedZone, persons });

/** A gate's journal in memory, the port that the replicator drains. */
export interface MemoryJournal extends LocalJournalReader {
  readonly add: (mark: EncodedMark) => void;
  readonly find: (id: {
    readonly event: number;
    readonly boot: string;
    readonly gate: string;
    readonly sequence: number;
  }) => Uint8Array | undefined;
  readonly all: () => readonly EncodedMark[];
}

export function createMemoryJournal(before: readonly EncodedMark[] = []): MemoryJournal {
  const byWriter = new Map<string, EncodedMark[]>();
  const key = ({ event, gate, boot }: WriterId): string => `${event}/${gate}/${boot}`;
  const add = (mark: EncodedMark): void => {
    const list = byWriter.get(key(mark.mark)) ?? [];
    list.push(mark);
    byWriter.set(key(mark.mark), list);
  };
  before.forEach(add);
  return {
    add,
    find: (id) => byWriter.get(key(id))?.[id.sequence - 1]?.bytes,
    all: () => [...byWriter.values()].flat(),
    writers: () =>
      [...byWriter.values()].flatMap(([first]) =>
        first === undefined ? [] : [{ event: first.mark.event, gate: first.mark.gate, boot: first.mark.boot }],
      ),
    marksAfter: (writer, sequence, limit) =>
      (byWriter.get(key(writer)) ?? []).slice(sequence, sequence + limit).map(({ bytes }) => bytes),
  };
}

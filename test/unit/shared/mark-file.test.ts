// Goal: a file of marks comes back as it was written; a torn, damaged or foreign one is told as such and never believed.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  concatBytes,
  createIngest,
  decodeSyncRequest,
  encodeMarkFile,
  importMessage,
  keyPairFromSeed,
  loadLedger,
  markFileName,
  openSealed,
  readMarkFile,
  ready,
  sealKeyPairFromSeed,
  sealTo,
  sha256,
  signChunk,
  utf8,
  type ImportedGate,
  type Ledger,
  type MarkFileError,
  type ReadMarkFileHeader,
  type SignedChunk,
} from '@postern/shared';
import {
  admittedMark,
  createMemoryJournal,
  simulatedBoot,
  simulatedDirectory,
} from '../../../scripts/sim/gate-marks.ts';
import { createMemoryReplicaStore } from '../../../scripts/sim/memory-replica-store.ts';
import { createReplica, quietLogger } from '../../../scripts/sim/replica.ts';

const event = 7;
const header = { event, gate: 'gate-a' };
let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

const aChunk = (payload: Uint8Array): SignedChunk =>
  signChunk(
    keyPairFromSeed(sha256(utf8('somebody'))).secretKey,
    {
      event,
      gate: 'gate-a',
      boot: '0'.repeat(16),
      segment: 0,
      firstSequence: 1,
      count: 1,
      hash: '11'.repeat(32),
      closed: false,
      through: { ms: 1, counter: 0 },
    },
    'changes',
    0,
    payload,
  );
const fileOf = (chunks: readonly SignedChunk[]): Uint8Array => concatBytes(...encodeMarkFile(header, chunks));

async function* inPieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
}
interface Read {
  readonly error: MarkFileError['type'] | undefined;
  readonly payloads: readonly string[];
}
async function read(file: Uint8Array, size = 1_000): Promise<Read> {
  const payloads: string[] = [];
  const result = await readMarkFile(inPieces(file, size), {
    header: (found) => found.event === event,
    message: async (message) => {
      const request = decodeSyncRequest(message);
      if (request.ok) payloads.push(...request.value.chunks.map(({ payload }) => Buffer.from(payload).toString('hex')));
    },
  });
  return { error: result.ok ? undefined : result.error.type, payloads };
}
const hex = (chunks: readonly SignedChunk[]): string[] =>
  chunks.map(({ payload }) => Buffer.from(payload).toString('hex'));

describe('a file of marks', () => {
  test('comes back as it was written, in whatever pieces it is read', async () => {
    const chunks = Array.from({ length: 40 }, (_, index) => aChunk(new Uint8Array(50_000).fill(index)));
    const file = fileOf(chunks);
    for (const size of [1, 17, 4_096, file.length])
      expect(await read(size === 1 ? fileOf(chunks.slice(0, 1)) : file, size)).toEqual({
        error: undefined,
        payloads: hex(size === 1 ? chunks.slice(0, 1) : chunks),
      });
    expect(await read(fileOf([]))).toEqual({ error: undefined, payloads: [] });
  });

  test('that ends early is told, and gives what came before', async () => {
    const chunks = Array.from({ length: 12 }, (_, index) => aChunk(new Uint8Array(60_000).fill(index)));
    const file = fileOf(chunks);
    const headerBytes = file.indexOf(10) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: headerBytes, max: file.length - 1 }), async (length) => {
        const { error, payloads } = await read(file.subarray(0, length), 65_536);
        expect(error).toBe('mark-file-torn');
        expect(payloads).toEqual(hex(chunks).slice(0, payloads.length));
        expect(payloads.length).toBeLessThanOrEqual(12);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['nothing', new Uint8Array(0), 'mark-file-unknown'],
    ['a picture', Buffer.from('\u0089PNG\r\n\u001a\n'.repeat(1_000), 'latin1'), 'mark-file-unknown'],
    ['a line without end', new Uint8Array(1_000_000).fill(65), 'mark-file-unknown'],
    ['a gate with no name', utf8('postern-marks 1 event 7 gate ../x\n'), 'mark-file-unknown'],
    ['a version to come', utf8('postern-marks 2 event 7 gate gate-a\n'), 'mark-file-newer'],
    [
      'a length beyond all bounds',
      utf8('postern-marks 1 event 7 gate gate-a\n\u007f\u007f\u007f\u007f'),
      'mark-file-damaged',
    ],
  ] as const)('is not taken for one: %s', async (_what, bytes, error) => {
    expect(await read(bytes)).toEqual({ error, payloads: [] });
  });

  test('never throws, whatever is in it', async () => {
    const start = utf8('postern-marks 1 event 7 gate gate-a\n');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, isFile) => {
        await read(isFile ? concatBytes(start, bytes) : bytes, 7);
      }),
    );
  });

  test('of each gate has a name of its own', () => {
    expect(markFileName(header)).toBe('postern-event-7-gate-a.marks');
    expect(markFileName({ event, gate: 'gate-b' })).not.toBe(markFileName(header));
  });
});

describe('what a file brings', () => {
  const gates = ['gate-a', 'gate-b', 'gate-x'];
  /** The file of a gate that has let `marks` people in. */
  async function carriedBy(gate: string, marks: number): Promise<readonly Uint8Array[]> {
    const boot = simulatedBoot(gate, 1);
    const journal = createMemoryJournal();
    for (let sequence = 1; sequence <= marks; sequence++)
      journal.add(
        admittedMark({ event, gate, boot }, sequence, sequence, { ms: 1_700_000_000_000 + sequence, counter: 0 }),
      );
    const clock = { wallMs: () => 0, monotonicMs: () => 0 };
    const replica = createReplica({ id: gate, boot, ledger, directory: simulatedDirectory(gates), clock, journal });
    await replica.replicator.drain();
    const chunks: SignedChunk[] = [];
    for (const state of await replica.store.frontier(event))
      for (let segment = 0; segment <= state.segment; segment++)
        chunks.push(...(await replica.store.chunks({ ...state, segment })));
    const messages: Uint8Array[] = [];
    await readMarkFile(inPieces(concatBytes(...encodeMarkFile({ event, gate }, chunks)), 4_096), {
      header: () => true,
      message: async (message) => void messages.push(message),
    });
    return messages;
  }
  const receiver = (listed: readonly string[]) => {
    const store = createMemoryReplicaStore();
    return { store, ingest: createIngest({ ledger, store, directory: simulatedDirectory(listed), log: quietLogger }) };
  };
  const bring = async (
    { ingest }: ReturnType<typeof receiver>,
    messages: readonly Uint8Array[],
  ): Promise<readonly ImportedGate[]> => {
    const all: ImportedGate[] = [];
    for (const message of messages) {
      const imported = await importMessage({ ingest, event }, message, 'stick.marks');
      if (!imported.ok) throw new Error(imported.error.type);
      all.push(...imported.value);
    }
    return all;
  };

  test('counts once, however often it is brought', async () => {
    const here = receiver(gates);
    const messages = await carriedBy('gate-a', 2_500);
    expect(await bring(here, messages)).toEqual([{ gate: 'gate-a', marks: 2_500, refused: {} }]);
    expect(await bring(here, messages)).toEqual([{ gate: 'gate-a', marks: 0, refused: {} }]);
    expect(here.store.marks(event)).toHaveLength(2_500);
  });

  test('is refused gate by gate, with the reason', async () => {
    const here = receiver(['gate-a', 'gate-b']);
    await bring(here, await carriedBy('gate-a', 3));
    expect(await bring(here, await carriedBy('gate-x', 3))).toEqual([
      { gate: 'gate-x', marks: 0, refused: { 'gate-unknown': 1 } },
    ]);
    expect(here.store.marks(event)).toHaveLength(3);
  });

  test('of another event, or no message at all, is refused whole', async () => {
    const { ingest } = receiver(gates);
    const [message = new Uint8Array(0)] = await carriedBy('gate-a', 3);
    expect(await importMessage({ ingest, event: 8 }, message, 'x')).toEqual({
      ok: false,
      error: { type: 'event-forbidden', event },
    });
    expect(await importMessage({ ingest, event }, message.slice(0, -1), 'x')).toMatchObject({
      ok: false,
      error: { type: 'malformed' },
    });
  });
});

describe('a sealed file', () => {
  const pair = sealKeyPairFromSeed(sha256(utf8('the cloud')));
  const seal = (message: Uint8Array): Uint8Array => sealTo(pair.publicKey, message);

  test('says so, and holds the same messages for whoever has the key', async () => {
    const chunks = Array.from({ length: 12 }, (_, index) => aChunk(new Uint8Array(30_000).fill(index)));
    const sealed = await readWhole(concatBytes(...encodeMarkFile(header, chunks, seal)));
    const plain = await readWhole(fileOf(chunks));
    expect([sealed.header, plain.header]).toEqual([
      { ...header, sealed: true },
      { ...header, sealed: false },
    ]);
    expect(plain.messages.length).toBeGreaterThan(1);
    expect(sealed.messages.map((message) => openSealed(pair, message))).toEqual(plain.messages);
    expect(
      sealed.messages.every((message, index) => message.length === (plain.messages[index]?.length ?? 0) + 48),
    ).toBe(true);
  });

  test('opens for nobody else, nor altered or cut off', async () => {
    const [message = new Uint8Array()] = (
      await readWhole(concatBytes(...encodeMarkFile(header, [aChunk(utf8('one'))], seal)))
    ).messages;
    expect(openSealed(pair, message)).toBeDefined();
    expect(openSealed(sealKeyPairFromSeed(sha256(utf8('another'))), message)).toBeUndefined();
    for (let at = 0; at < message.length; at++) {
      const altered = Uint8Array.from(message);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(openSealed(pair, altered)).toBeUndefined();
      expect(openSealed(pair, message.slice(0, at))).toBeUndefined();
    }
  });

  async function readWhole(file: Uint8Array) {
    let read: ReadMarkFileHeader | undefined;
    const messages: Uint8Array[] = [];
    const result = await readMarkFile(inPieces(file, 64_000), {
      header: (found) => {
        read = found;
        return true;
      },
      message: async (message) => void messages.push(Uint8Array.from(message)),
    });
    expect(result.ok).toBe(true);
    return { header: read, messages };
  }
});

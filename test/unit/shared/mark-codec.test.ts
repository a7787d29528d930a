import {
  cborDecode,
  cborEncode,
  decodeMark,
  encodeMark,
  overrideReasons,
  type CborValue,
  type Mark,
} from '@postern/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aMark, rehearsed, writerOf } from '../../support/marks.ts';

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('hex'));
const shortText = fc.string({ maxLength: 20 });
const small = fc.integer({ min: 1, max: 0xffff });

const anyMark: fc.Arbitrary<Mark> = fc
  .record({
    ticketId: hex(16),
    epoch: fc.nat(),
    method: shortText,
    zone: shortText,
    lane: shortText,
    boot: hex(8),
    tag: hex(16),
    n: small,
    sequence: fc.integer({ min: 1 }),
    ms: fc.nat(),
    counter: fc.integer({ min: 0, max: 0xffff }),
    operator: fc.option(shortText, { nil: undefined }),
    flag: fc.boolean(),
  })
  .chain((r) => {
    const base = {
      event: 1,
      gate: 'gate-a',
      boot: '00112233aabbccdd',
      sequence: r.sequence,
      at: { ms: r.ms, counter: r.counter },
      monotonicMs: r.n,
      clock: { source: 'server', uncertaintyMs: r.n },
      lane: r.lane,
      ...(r.operator === undefined ? {} : { operator: r.operator }),
    } as const;
    const ticket = { ...base, ticketId: r.ticketId, epoch: r.epoch, method: r.method };
    const all: readonly Mark[] = [
      {
        ...ticket,
        kind: 'admitted',
        ticketType: r.n,
        zone: r.zone,
        uses: r.n,
        outOfTouch: r.flag,
        peersReachable: 2,
        ...(r.flag ? { issuedAtS: r.ms } : { approved: 'under-18' }),
        ...(r.flag ? { feedAgeS: r.n } : {}),
      },
      {
        ...ticket,
        kind: 'admitted',
        ticketType: r.n,
        zone: r.zone,
        uses: 1,
        outOfTouch: true,
        peersReachable: 0,
        approved: 'vip',
        feedAgeS: 0,
      },
      {
        ...ticket,
        kind: 'admitted',
        ticketType: r.n,
        zone: r.zone,
        uses: 1,
        outOfTouch: r.flag,
        peersReachable: 0,
        tap: { tag: '0badcafe', counter: 0xffffff },
        ...(r.flag ? { approved: 'id-check', feedAgeS: r.n } : {}),
      },
      { ...ticket, kind: 'exited', zone: r.zone },
      { ...ticket, kind: 'refused', code: 'already-used', count: r.n },
      { ...ticket, ticketId: '', kind: 'refused', code: 'not-a-ticket', count: 1 },
      { ...ticket, kind: 'lapsed', of: { boot: r.boot, sequence: r.n }, uses: r.n },
      { ...ticket, kind: 'undone', of: { gate: 'gate-b', boot: r.boot, sequence: r.n }, reason: 'wrong-person' },
      { ...ticket, kind: 'refused', code: 'declined', count: 1, reason: 'proof-wrong' },
      {
        ...ticket,
        kind: 'overridden',
        reason: overrideReasons[r.n % overrideReasons.length] ?? 'other',
        zone: r.zone,
        uses: r.n,
      },
      { ...ticket, kind: 'passed-out', zone: r.zone },
      { ...ticket, kind: 'bound', tagHash: r.tag },
      { ...ticket, ticketId: '', kind: 'bound', tagHash: r.tag },
      {
        ...ticket,
        kind: 'bound',
        tagHash: r.tag,
        settles: [
          { gate: 'gate-b', boot: r.boot, sequence: r.n },
          { gate: 'gate-c', boot: r.boot, sequence: 1 },
        ],
      },
      { ...ticket, kind: 'denied' },
      { ...ticket, kind: 'prechecked', zone: r.zone, untilS: r.n, ...(r.flag ? { forGate: 'gate-b' } : {}) },
      { ...base, kind: 'corrected', offsetMs: -r.n },
      { ...base, kind: 'corrected', offsetMs: r.n, trueMs: r.ms },
      { ...base, kind: 'recounted', zone: r.zone, persons: r.n },
      { ...base, kind: 'ordered', order: r.flag ? 'stop-entry' : 'evacuate', zone: r.zone },
      { ...base, kind: 'lifted', of: { gate: 'gate-b', boot: r.boot, sequence: r.n } },
      { ...base, kind: 'acknowledged', of: { gate: 'gate-b', boot: r.boot, sequence: r.n } },
      { ...base, kind: 'rehearsal-begun', session: r.boot, untilS: r.n },
      { ...base, kind: 'rehearsal-left', session: r.boot },
    ];
    const practised = all.flatMap((mark) => rehearsed(mark, r.boot));
    return fc.constantFrom(...all, ...practised);
  });

describe('the compact form of a mark', () => {
  it('reads back every kind of mark', () => {
    fc.assert(
      fc.property(anyMark, (mark) => {
        expect(decodeMark(encodeMark(mark), writerOf(mark))).toEqual({ ok: true, value: mark });
      }),
      { numRuns: 2_000 },
    );
  });

  it('has 40 to 60 bytes for an ordinary entry', () => {
    const bytes = encodeMark(
      aMark({
        gate: 'gate-a',
        sequence: 1_234,
        at: { ms: 1_790_000_000_000, counter: 3 },
        monotonicMs: 8_640_000,
        lane: 'lane-1',
        zone: 'arena',
      }),
    );
    expect(bytes.length).toBeGreaterThanOrEqual(40);
    expect(bytes.length).toBeLessThanOrEqual(70);
  });

  it('still reads marks of version 1, as journals of earlier versions have them', () => {
    const mark = aMark({
      gate: 'gate-a',
      sequence: 3,
      monotonicMs: 180_000,
      at: { ms: 1_790_017_380_000, counter: 0 },
    });
    const stored = cborDecode(encodeMark(mark), 512, 2);
    if (!stored.ok || !Array.isArray(stored.value)) throw new Error('a mark is an array');
    const values = stored.value as readonly CborValue[];
    const old = cborEncode([1, ...values.slice(1, 5), mark.monotonicMs, ...values.slice(6)]);
    expect(decodeMark(old, writerOf(mark))).toEqual({ ok: true, value: mark });
  });

  it('refuses a monotonic time that no clock can have', () => {
    const mark = aMark({ gate: 'gate-a', sequence: 3, monotonicMs: 0 });
    const stored = cborDecode(encodeMark(mark), 512, 2);
    if (!stored.ok || !Array.isArray(stored.value)) throw new Error('a mark is an array');
    const values = stored.value as readonly CborValue[];
    const early = cborEncode([...values.slice(0, 5), mark.at.ms + 1, ...values.slice(6)]);
    expect(decodeMark(early, writerOf(mark)).ok).toBe(false);
  });

  it('writes what an admission says beyond the ordinary only where it says something', () => {
    const mark = aMark({ gate: 'gate-a', sequence: 3 });
    const stored = cborDecode(encodeMark(mark), 512, 2);
    if (!stored.ok || !Array.isArray(stored.value)) throw new Error('a mark is an array');
    const ordinary = stored.value as readonly CborValue[];
    const isRead = (...tail: readonly CborValue[]): boolean =>
      decodeMark(cborEncode([...ordinary, ...tail]), writerOf(mark)).ok;
    const tag = Uint8Array.of(1, 2, 3, 4);
    for (const tail of [[], [0], [null, 5], [0, 5], [null, null, tag, 9], [0, null, tag, 9], [0, 5, tag, 0xffffff]])
      expect(isRead(...tail), JSON.stringify(tail)).toBe(true);
    for (const tail of [
      [null],
      [0, null],
      [null, null],
      [0, 5, null],
      [0, 5, tag],
      [0, 5, null, 9],
      [0, 5, tag, null],
      [0, 5, tag, 0x1000000],
      [0, 5, tag.slice(1), 9],
      [0, 5, tag, 9, 9],
    ])
      expect(isRead(...tail), JSON.stringify(tail)).toBe(false);
  });

  it('refuses every truncation and every byte too many', () => {
    const mark = aMark({ gate: 'gate-a', sequence: 1 });
    const bytes = encodeMark(mark);
    for (let length = 0; length < bytes.length; length++)
      expect(decodeMark(bytes.slice(0, length), writerOf(mark)).ok).toBe(false);
    expect(decodeMark(Uint8Array.from([...bytes, 0]), writerOf(mark)).ok).toBe(false);
  });

  it('never throws on 10,000 random or altered inputs, and what it accepts it would have written', () => {
    const writer = writerOf(aMark({ gate: 'gate-a', sequence: 1 }));
    const altered = fc.tuple(anyMark, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([mark, at, value]) => {
      const bytes = Uint8Array.from(encodeMark(mark));
      bytes[at % bytes.length] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 120 }), altered), (bytes) => {
        const decoded = decodeMark(bytes, writer);
        if (decoded.ok && bytes[1] === 2) expect(encodeMark(decoded.value)).toEqual(bytes);
      }),
      { numRuns: 10_000 },
    );
  });
});

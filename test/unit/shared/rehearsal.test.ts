import {
  bytesToHex,
  decide,
  decodeMark,
  encodeMark,
  foldHistory,
  foldRehearsal,
  foldTicketHistory,
  orderStatuses,
  practisedMark,
  ready,
  rehearsalAt,
  rehearsedDraft,
  type AdmissionPolicy,
  type Mark,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aMark, aPolicy, baseOf, bootOfTests, eveningMs, rehearsed, someRules, writerOf } from '../../support/marks.ts';

beforeAll(() => ready);
const session = '5e55105e55105e55';
const nowS = eveningMs / 1_000;
const trusted = { trusted: true, nowMs: eveningMs, uncertaintyMs: 100 } as const;

/** Entries, exits, lapses, take-backs and blocks of one ticket at three gates. */
const anyMarks: fc.Arbitrary<readonly Mark[]> = fc
  .array(fc.record({ kind: fc.nat(5), gate: fc.nat(2), of: fc.integer({ min: 1, max: 12 }) }), { maxLength: 12 })
  .map((all) =>
    all.map(({ kind, gate: number, of }, index): Mark => {
      const gate = `gate-${number}`;
      const base = { ...baseOf({ sequence: index + 1, gate }) };
      switch (kind) {
        case 0:
          return { ...base, kind: 'exited', zone: 'arena' };
        case 1:
          return { ...base, kind: 'lapsed', of: { boot: bootOfTests, sequence: of }, uses: 1 };
        case 2:
          return { ...base, kind: 'undone', of: { gate, boot: bootOfTests, sequence: of }, reason: 'other' };
        case 3:
          return { ...base, kind: 'denied' };
        default:
          return aMark({ sequence: index + 1, gate });
      }
    }),
  );

/** The same marks as of another process start, so that none has the identity of a real one. */
const practise = (marks: readonly Mark[], boot: string): readonly Mark[] =>
  marks.flatMap((mark) => rehearsed({ ...mark, boot }, session));

describe('what was practised', () => {
  it('changes nothing of what is real, whatever it is and in whatever order it is heard', () => {
    fc.assert(
      fc.property(anyMarks, anyMarks, fc.boolean(), (real, tried, sameBoot) => {
        // Of the same process start their names are those that a real lapse may carry.
        const practised = practise(tried, sameBoot ? bootOfTests : '0000000000000bad').map((mark) =>
          sameBoot ? { ...mark, sequence: mark.sequence + 12 } : mark,
        );
        const expected = foldHistory(real, someRules({ reentry: true }));
        expect(foldHistory([...practised, ...real], someRules({ reentry: true }))).toEqual(expected);
        expect(foldHistory([...real, ...practised].toReversed(), someRules({ reentry: true }))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('folds among itself as real marks do, and is of its own session alone', () => {
    fc.assert(
      fc.property(anyMarks, anyMarks, (tried, earlier) => {
        const policy = aPolicy();
        const ticket = { epoch: 0, type: 1, party: 1 };
        const other = earlier.flatMap((mark) => rehearsed(mark, 'ffffffffffffffff'));
        const none = foldTicketHistory([], policy, ticket);
        const folded = foldRehearsal([...other, ...practise(tried, bootOfTests)], session, policy, ticket, none);
        const real = foldTicketHistory(tried, policy, ticket);
        expect(folded.usesSpent).toBe(real.usesSpent);
        expect(folded.inside).toBe(real.inside);
        expect(folded.deniedEpoch).toBe(real.deniedEpoch);
        expect(folded.cases.length).toBe(real.cases.length);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused as in earnest where the credential is worthless: blocked, or replaced by a newer one', () => {
    const policy = aPolicy();
    const ticket = { epoch: 0, type: 1, party: 1 };
    const marks: readonly Mark[] = [{ ...baseOf({ sequence: 1 }), kind: 'denied' }, aMark({ sequence: 2, epoch: 3 })];
    const folded = foldRehearsal(marks, session, policy, ticket, foldTicketHistory(marks, policy, ticket));
    expect(folded).toMatchObject({ deniedEpoch: 0, epochSeen: 3, usesSpent: 0 });
  });

  it('is written as a kind of its own, with the flag in the signed bytes', () => {
    const [mark] = rehearsed(aMark({ sequence: 2 }), session);
    if (mark === undefined) throw new Error('an entry is practised');
    const bytes = encodeMark(mark);
    // [2, 15, sequence, …]: whoever does not know kind 15 refuses it, and takes it for no entry.
    expect(bytesToHex(bytes)).toBe(
      '95020f021b000001a0c558b440001b000001a0c556df80001864666c616e652d31f6500190f3a47b6c7d8e8f90a1b2c3d4e5f600627172485e55105e55105e550001656172656e6101f6f401',
    );
    expect(bytes[2]).toBe(15);
    expect(decodeMark(bytes, writerOf(mark))).toEqual({ ok: true, value: mark });
    expect(practisedMark(mark)).toEqual({ ...aMark({ sequence: 2 }), rehearsal: session });
  });

  it('is never written as real: a mark for screens has no bytes', () => {
    expect(() => encodeMark({ ...aMark({ sequence: 1 }), rehearsal: session })).toThrow('never written as real');
  });

  it('leaves bands, clocks, counts and orders real', () => {
    const order: Mark = { ...baseOf(), kind: 'ordered', order: 'evacuate', zone: '' };
    const bound: Mark = { ...baseOf(), kind: 'bound', tagHash: 'ab'.repeat(16) };
    for (const mark of [order, bound]) expect(rehearsedDraft(mark, session)).toBe(mark);
    expect(orderStatuses([order], [])).toHaveLength(1);
  });
});

describe('whether a gate rehearses', () => {
  const rules = { session, fromS: nowS - 600, untilS: nowS + 600 };
  const whole = (type: object = {}): AdmissionPolicy => aPolicy({ rehearsal: rules, type });
  const begun = (untilS: number, sequence = 1): Mark => ({
    ...baseOf({ sequence }),
    at: { ms: eveningMs - 60_000 + sequence, counter: 0 },
    kind: 'rehearsal-begun',
    session: 'aaaaaaaaaaaaaaaa',
    untilS,
  });
  const left = (of: string): Mark => ({ ...baseOf({ sequence: 9 }), kind: 'rehearsal-left', session: of });

  it('is said by the ticket list for all gates, and by a supervisor for one', () => {
    expect(rehearsalAt([], aPolicy(), trusted)).toBeUndefined();
    expect(rehearsalAt([], whole(), trusted)).toMatchObject({ of: 'event', session });
    expect(rehearsalAt([begun(nowS + 60)], aPolicy(), trusted)).toMatchObject({ of: 'gate' });
  });

  it('ends when the doors open, whatever anybody has said, also where these were moved meanwhile', () => {
    const doors = nowS + 300;
    for (const [switches, policy] of [
      [[], whole({ validFromS: doors })],
      [[begun(nowS + 3_600)], aPolicy({ type: { validFromS: doors } })],
    ] as const) {
      expect(rehearsalAt(switches, policy, trusted)?.untilMs).toBe(doors * 1_000);
      expect(rehearsalAt(switches, policy, { ...trusted, nowMs: doors * 1_000 })).toBeUndefined();
      // Whose clock may be behind by as much is not sure that the doors are still shut.
      expect(
        rehearsalAt(switches, policy, { trusted: true, nowMs: doors * 1_000 - 500, uncertaintyMs: 500 }),
      ).toBeUndefined();
    }
  });

  it('is over where somebody has left it, and only there', () => {
    expect(rehearsalAt([left(session)], whole(), trusted)).toBeUndefined();
    expect(rehearsalAt([begun(nowS + 60), left('aaaaaaaaaaaaaaaa')], aPolicy(), trusted)).toBeUndefined();
    // The next rehearsal is another session.
    expect(rehearsalAt([left('aaaaaaaaaaaaaaaa')], whole(), trusted)).toMatchObject({ session });
  });

  it('is over where the clock by which it was begun has been set back: nobody knows any more when it would end', () => {
    const doors = aPolicy({ type: { validFromS: nowS + 3_600 } });
    const ahead: Mark = { ...begun(nowS + 7 * 3_600), at: { ms: eveningMs + 5 * 3_600_000, counter: 0 } };
    expect(rehearsalAt([ahead], doors, trusted)).toBeUndefined();
    expect(rehearsalAt([ahead], doors, { ...trusted, nowMs: (nowS + 3_600) * 1_000 })).toBeUndefined();
  });

  it('goes by the latest that was begun, in whatever order they are read', () => {
    const [earlier, later] = [begun(nowS + 60, 1), { ...begun(nowS + 90, 2), session: 'bbbbbbbbbbbbbbbb' } as Mark];
    for (const switches of [
      [earlier, later],
      [later, earlier],
    ])
      expect(rehearsalAt(switches, aPolicy(), trusted)?.session).toBe('bbbbbbbbbbbbbbbb');
  });

  it('is never so at a gate that does not know the time, nor for longer than a day of work', () => {
    expect(rehearsalAt([begun(nowS + 60)], whole(), { ...trusted, trusted: false })).toBeUndefined();
    const forgotten = aPolicy({ rehearsal: { session, fromS: nowS - 13 * 3_600, untilS: nowS + 90_000 } });
    expect(rehearsalAt([], forgotten, trusted)).toBeUndefined();
  });

  it('opens windows that have not begun, and none that are over', () => {
    const claim = {
      method: 'qr',
      event: 7,
      ticketId: 'ab'.repeat(16),
      epoch: 0,
      type: 1,
      assurance: 'signed',
    } as const;
    const answer = (type: object, rehearsal?: string): string => {
      const policy = aPolicy({ type });
      const decision = decide({
        claim,
        ticket: { id: claim.ticketId, type: 1, epoch: 0, status: 'valid', party: 1 },
        history: foldTicketHistory([], policy, undefined),
        policy,
        time: { ...trusted, source: 'server' },
        lane: { id: 'l', gate: 'g', zone: 'arena', direction: 'entry' },
        occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
        feedAgeMs: 0,
        inTouch: true,
        ...(rehearsal === undefined ? {} : { rehearsal }),
      });
      return decision.kind === 'refuse' ? decision.refusal.type : decision.kind;
    };
    expect(answer({ validFromS: nowS + 3_600 })).toBe('not-yet-valid');
    expect(answer({ validFromS: nowS + 3_600 }, session)).toBe('admit');
    expect(answer({ validUntilS: nowS - 3_600 }, session)).toBe('expired');
  });
});

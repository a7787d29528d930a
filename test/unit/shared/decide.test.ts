import {
  decide,
  foldHistory,
  historyRules,
  ready,
  refusalCodes,
  type Claim,
  type DecideInput,
  type Decision,
  type Mark,
  type RefusalCode,
  type Ticket,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { aMark, aPolicy, baseOf, eveningMs, ticketIdOfTests } from '../../support/marks.ts';

beforeAll(() => ready);
const ticket: Ticket = { id: ticketIdOfTests, type: 1, epoch: 0, status: 'valid', party: 1 };
const claim: Claim = {
  method: 'qr',
  event: 7,
  ticketId: ticketIdOfTests,
  type: 1,
  epoch: 0,
  assurance: 'signed',
  keyId: '0011223344556677',
};
const nowMs = eveningMs + 3_600_000;
/** A code of the step that begins `offsetS` after this instant, which is itself the beginning of one. */
const rotating = (offsetS: number): Claim => ({ ...claim, method: 'dynamic', issuedAtS: nowMs / 1000 + offsetS });

type Situation = Partial<Omit<DecideInput, 'history'>> & { readonly marks?: readonly Mark[] };

/** An ordinary ticket at an ordinary gate, except for what the situation says. */
function decideIn({ marks = [], ...situation }: Situation = {}): Decision {
  const policy = situation.policy ?? aPolicy();
  const rules = historyRules(policy, situation.ticket ?? ticket);
  return decide({
    claim,
    ticket,
    policy,
    time: { nowMs, trusted: true, source: 'server', uncertaintyMs: 50 },
    lane: { id: 'lane-1', gate: 'gate-a', zone: 'arena', direction: 'entry' },
    occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
    feedAgeMs: 60_000,
    inTouch: true,
    history: foldHistory(marks, rules),
    ...situation,
  });
}
const refusalOf = (decision: Decision): RefusalCode | 'no refusal' =>
  decision.kind === 'refuse' ? decision.refusal.type : 'no refusal';
const untrusted = { nowMs: 0, trusted: false, source: 'none', uncertaintyMs: 0 } as const;
const atExit = { id: 'lane-2', gate: 'gate-a', zone: 'arena', direction: 'exit' } as const;

describe('the language of a ticket', () => {
  it.each([
    ['admit', {}],
    ['hold', { hold: 'vip' }],
    ['refuse', { status: 'blocked' }],
  ] as const)('goes with a decision to %s, and a ticket without one has none', (kind, change) => {
    expect(decideIn({ ticket: { ...ticket, ...change, language: 'fr' } })).toMatchObject({ kind, language: 'fr' });
    expect(decideIn({ ticket: { ...ticket, ...change } })).not.toHaveProperty('language');
  });
});

describe('several proofs of one visitor', () => {
  const policy = aPolicy({ type: { proofs: [['dynamic', 'looked-up']] } });
  const band: Claim = { ...claim, method: 'nfc', assurance: 'looked-up' };

  it('admit together, and each alone is held', () => {
    expect(decideIn({ policy, claim: band })).toMatchObject({ kind: 'hold', reason: 'second-factor' });
    expect(decideIn({ policy, claim: rotating(0), others: [band] })).toMatchObject({ kind: 'admit', others: [band] });
    expect(decideIn({ policy })).toMatchObject({ kind: 'hold' });
    expect(decideIn({ policy: aPolicy({ type: { proofs: [['ble']] } }) })).toMatchObject({
      refusal: { type: 'assurance-too-low' },
    });
  });

  it('can be a position beside the ticket: a pre-check of its holder that stands at this gate, where the event names it', () => {
    const asked = aPolicy({ type: { proofs: [['signed', 'geofence']] } });
    const untilS = nowMs / 1_000 + 60;
    const decided = (fields: object = {}, rest: Situation = {}): Decision =>
      decideIn({
        policy: asked,
        marks: [{ ...baseOf(), kind: 'prechecked', zone: 'arena', untilS, ...fields }],
        ...rest,
      });
    expect(decideIn({ policy: asked })).toMatchObject({ kind: 'hold', reason: 'second-factor' });
    expect(decided().kind).toBe('admit');
    expect(decided({ forGate: 'gate-a' }).kind).toBe('admit');
    const held = { kind: 'hold', reason: 'second-factor' };
    expect(decided({ forGate: 'gate-b' })).toMatchObject(held);
    expect(decided({ zone: 'backstage' })).toMatchObject(held);
    expect(decided({ epoch: 1 })).toMatchObject(held);
    expect(decided({ untilS: nowMs / 1_000 - 1 })).toMatchObject(held);
    expect(decided({}, { policy: { ...asked, methodsOff: ['geofence'] } })).toMatchObject(held);
    expect(decided({}, { policy: { ...asked, whenClockUntrusted: 'admit' }, time: untrusted })).toMatchObject(held);
    // It is worth nothing by itself.
    const twoOfAny = aPolicy({ type: { proofs: [['looked-up', 'looked-up']] } });
    expect(decided({}, { policy: twoOfAny, claim: band })).toMatchObject(held);
  });

  it('are not a steward’s to waive, but for a face: nobody has to be recognised by a machine', () => {
    const withFace = aPolicy({ type: { proofs: [['signed', 'face']] } });
    const withMore = aPolicy({ type: { proofs: [['signed', 'looked-up', 'face']] } });
    const face: Claim = { ...claim, method: 'face', assurance: 'looked-up', onlyBeside: true };
    const held = { kind: 'hold', reason: 'second-factor' };
    expect(decideIn({ policy: withFace })).toMatchObject(held);
    expect(decideIn({ policy: withFace, approval: 'steward' }).kind).toBe('admit');
    expect(decideIn({ policy: withMore, approval: 'steward' })).toMatchObject(held);
    expect(decideIn({ policy, claim: band, approval: 'steward' })).toMatchObject(held);
    expect(decideIn({ policy: withFace, others: [face] }).kind).toBe('admit');
    // Nor does it count anybody out, who could come in again then.
    const leaving = { policy: withFace, lane: atExit, marks: [aMark()] };
    expect(refusalOf(decideIn({ ...leaving, claim: face }))).toBe('assurance-too-low');
    expect(decideIn({ ...leaving, others: [face] }).kind).toBe('admit');
    // A likeness is no proof of any assurance, and of nothing by itself.
    expect(decideIn({ policy: withMore, others: [face] })).toMatchObject(held);
    expect(refusalOf(decideIn({ policy: aPolicy(), claim: face }))).toBe('assurance-too-low');
    expect(refusalOf(decideIn({ policy: aPolicy({ type: { proofs: [['face']] } }), claim: face }))).toBe(
      'assurance-too-low',
    );
  });

  it('have to be of now when they are shown: the first one when it was, the last one now', () => {
    const stale = rotating(-120);
    expect(refusalOf(decideIn({ policy, claim: stale, others: [band] }))).toBe('expired');
    expect(decideIn({ policy, claim: stale, others: [band], wasHeld: true }).kind).toBe('admit');
    expect(refusalOf(decideIn({ policy, claim: band, others: [stale], wasHeld: true }))).toBe('expired');
  });

  it('that rotate prove nothing by a clock that nobody has confirmed, whichever of them comes first', () => {
    const unsure = { policy: { ...policy, whenClockUntrusted: 'admit' }, time: { ...untrusted, nowMs } } as const;
    for (const approval of [{}, { approval: 'supervisor' }] as const) {
      expect(refusalOf(decideIn({ ...unsure, ...approval, claim: rotating(0), others: [band] }))).toBe(
        'clock-untrusted',
      );
      expect(refusalOf(decideIn({ ...unsure, ...approval, claim: band, others: [rotating(0)], wasHeld: true }))).toBe(
        'clock-untrusted',
      );
    }
  });

  it('are refused where one of them is dead, switched off or of somebody else', () => {
    const refused = (other: Partial<Claim>, rest: Situation = {}): RefusalCode | 'no refusal' =>
      refusalOf(decideIn({ policy, claim: rotating(0), others: [{ ...band, ...other }], ...rest }));
    expect(refused({ epoch: 0 }, { ticket: { ...ticket, epoch: 1 }, claim: { ...rotating(0), epoch: 1 } })).toBe(
      'replaced',
    );
    expect(refused({}, { policy: { ...policy, methodsOff: ['nfc'] } })).toBe('method-off');
    expect(refused({ ticketId: 'f'.repeat(32) })).toBe('other-ticket');
    expect(refused({ event: 8 })).toBe('other-event');
  });
});

describe('decide', () => {
  it('admits a valid ticket once', () => {
    expect(decideIn()).toMatchObject({
      kind: 'admit',
      direction: 'entry',
      part: 1,
      party: 1,
      persons: 1,
      warnings: [],
    });
    expect(decideIn({ marks: [aMark({ gate: 'gate-b' })] })).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'already-used', detail: { gate: 'gate-b', atMs: eveningMs + 60_000 } },
    });
  });

  const refusals: readonly (readonly [RefusalCode, string, Situation])[] = [
    ['other-event', 'of another event', { claim: { ...claim, event: 8 } }],
    ['method-off', 'by a method that is switched off', { policy: aPolicy({ methodsOff: ['qr'] }) }],
    ['replaced', 'of an epoch below the cache’s', { ticket: { ...ticket, epoch: 1 } }],
    ['replaced', 'of an epoch below one that was let in', { marks: [aMark({ epoch: 2 })] }],
    ['revoked', 'that is revoked', { ticket: { ...ticket, status: 'revoked' } }],
    ['unpaid', 'that is unpaid', { ticket: { ...ticket, status: 'unpaid' } }],
    ['blocked', 'that is blocked', { ticket: { ...ticket, status: 'blocked' } }],
    ['denied', 'that staff have blocked', { marks: [{ ...baseOf(), kind: 'denied' }] }],
    [
      'ticket-unknown',
      'not in the cache, by policy',
      { ticket: undefined, policy: aPolicy({ unknownSignedPass: 'refuse' }) },
    ],
    [
      'ticket-unknown',
      'not in the cache and only looked up',
      { ticket: undefined, claim: { ...claim, assurance: 'looked-up' } },
    ],
    ['type-unknown', 'of an unknown type', { ticket: { ...ticket, type: 9 } }],
    ['assurance-too-low', 'with too weak a proof', { policy: aPolicy({ type: { assuranceMin: 'challenged' } }) }],
    ['wrong-zone', 'for another zone', { policy: aPolicy({ type: { zones: ['backstage'] } }) }],
    [
      'clock-untrusted',
      'by policy while the time is not confirmed',
      { time: untrusted, policy: aPolicy({ whenClockUntrusted: 'refuse' }) },
    ],
    [
      'clock-untrusted',
      'that rotates, while the time is not confirmed',
      { time: untrusted, claim: { ...claim, issuedAtS: 1 } },
    ],
    [
      'cache-stale',
      'by policy with an old ticket list',
      { feedAgeMs: 10 * 3_600_000, policy: aPolicy({ whenStale: 'refuse' }) },
    ],
    [
      'code-replayed',
      'with a rotating code that is not newer',
      {
        claim: rotating(0),
        marks: [aMark({ issuedAtS: nowMs / 1000 })],
        policy: aPolicy({ type: { uses: 0 } }),
      },
    ],
    [
      'uses-spent',
      'whose several uses are spent',
      { policy: aPolicy({ type: { uses: 2 } }), marks: [aMark({ sequence: 1 }), aMark({ sequence: 2 })] },
    ],
    [
      'already-inside',
      'that is still inside',
      { policy: aPolicy({ type: { uses: 0, reentry: true }, zone: { exitsScanned: true } }), marks: [aMark()] },
    ],
    ['pass-out-needed', 'that went out unscanned', { policy: aPolicy({ type: { reentry: true } }), marks: [aMark()] }],
    [
      'too-soon',
      'within the anti-passback minutes',
      { policy: aPolicy({ type: { uses: 0, antiPassbackMinutes: 60 } }), marks: [aMark()] },
    ],
    [
      'once-per-day',
      'a second time on one day',
      { policy: aPolicy({ type: { uses: 0, oncePerDay: true } }), marks: [aMark()] },
    ],
    ['party-complete', 'of a party that is complete', { ticket: { ...ticket, party: 3 }, marks: [aMark({ uses: 3 })] }],
    [
      'zone-full',
      'for a full zone',
      { policy: aPolicy({ zone: { capacity: 10 } }), occupancy: () => ({ known: 10, spentOutOfTouch: 0 }) },
    ],
    [
      'zone-full',
      'over the share of a gate out of touch',
      {
        policy: aPolicy({ zone: { capacity: 10, shares: { 'gate-a': 2 }, whenShareSpent: 'refuse' } }),
        inTouch: false,
        occupancy: () => ({ known: 2, spentOutOfTouch: 2 }),
      },
    ],
    ['not-inside', 'at an exit that it did not enter', { lane: atExit }],
  ];
  it.each(refusals)('refuses with %s a ticket %s', (code, _what, situation) => {
    expect(refusalOf(decideIn(situation))).toBe(code);
  });

  it('keeps the windows of pass, ticket and type to the second', () => {
    const second = nowMs / 1000;
    const windows: readonly (readonly [Situation, RefusalCode | 'no refusal'])[] = [
      [{ claim: { ...claim, notBeforeS: second } }, 'no refusal'],
      [{ claim: { ...claim, notBeforeS: second + 1 } }, 'not-yet-valid'],
      [{ claim: { ...claim, expiresS: second + 1 } }, 'no refusal'],
      [{ claim: { ...claim, expiresS: second } }, 'expired'],
      [{ ticket: { ...ticket, validFromS: second + 1 } }, 'not-yet-valid'],
      [{ ticket: { ...ticket, validUntilS: second } }, 'expired'],
      [{ policy: aPolicy({ type: { validFromS: second + 1 } }) }, 'not-yet-valid'],
      [{ policy: aPolicy({ type: { validUntilS: second } }) }, 'expired'],
      [
        { policy: aPolicy({ type: { validUntilS: second } }), ticket: { ...ticket, validUntilS: second + 60 } },
        'no refusal',
      ],
    ];
    for (const [situation, expected] of windows)
      expect(refusalOf(decideIn(situation)), JSON.stringify(situation)).toBe(expected);
  });

  describe('with a rotating code', () => {
    const at = (offsetMs: number, uncertaintyMs = 0): Situation => ({
      time: { nowMs: nowMs + offsetMs, trusted: true, source: 'server', uncertaintyMs },
    });

    it('keeps its window of a step on either side to the millisecond, and gives it the gate’s own uncertainty', () => {
      expect(nowMs % 15_000).toBe(0);
      for (const uncertaintyMs of [0, 1, 50, 14_999, 60_000]) {
        const answers = [-15_001, -15_000, 0, 29_999, 30_000].map((offsetMs) =>
          refusalOf(
            decideIn({ ...at(offsetMs + Math.sign(offsetMs) * uncertaintyMs, uncertaintyMs), claim: rotating(0) }),
          ),
        );
        expect(answers, `±${uncertaintyMs} ms`).toEqual([
          'not-yet-valid',
          'no refusal',
          'no refusal',
          'no refusal',
          'expired',
        ]);
      }
    });

    it('lives 45 seconds by a clock that is right, in whole seconds', () => {
      const lived = Array.from({ length: 200 }, (_, index) => index - 100).filter(
        (offsetS) => decideIn({ ...at(offsetS * 1_000), claim: rotating(0) }).kind === 'admit',
      );
      expect([lived.length, lived[0], lived.at(-1)]).toEqual([45, -15, 29]);
    });

    it('says by how much the code is off', () => {
      expect(decideIn({ claim: rotating(-45) })).toMatchObject({
        refusal: { type: 'expired', detail: { codeOffS: 45 } },
      });
      expect(decideIn({ claim: rotating(30) })).toMatchObject({
        refusal: { type: 'not-yet-valid', detail: { codeOffS: 30 } },
      });
    });

    it('judges no time by a clock that nobody has confirmed', () => {
      for (const offsetS of [-3_600, 0, 3_600])
        expect(refusalOf(decideIn({ time: untrusted, claim: rotating(offsetS), approval: 'supervisor' }))).toBe(
          'clock-untrusted',
        );
      expect(decideIn({ time: untrusted, claim: rotating(0), lane: atExit, marks: [aMark()] }).kind).toBe('admit');
    });

    it('is not held against whoever was held while it aged, nor against whoever leaves', () => {
      const held = { ...at(60_000), policy: aPolicy({ type: { hold: 'under-18' } }), claim: rotating(0) };
      expect(refusalOf(decideIn(held))).toBe('expired');
      expect(decideIn({ ...held, approval: 'steward' }).kind).toBe('admit');
      expect(decideIn({ ...at(60_000), claim: rotating(0), lane: atExit, marks: [aMark()] }).kind).toBe('admit');
    });

    const many = aPolicy({ type: { uses: 0 } });
    const usedAt = (offsetS: number, fields: Parameters<typeof aMark>[0] = {}): Mark =>
      aMark({ gate: 'gate-b', method: 'dynamic', issuedAtS: nowMs / 1000 + offsetS, ...fields });

    it('wants a newer one than was let in with at any gate, of the same epoch', () => {
      const answers = [-15, 0, 15].map((offsetS) =>
        refusalOf(decideIn({ policy: many, claim: rotating(offsetS), marks: [usedAt(0)] })),
      );
      expect(answers).toEqual(['code-replayed', 'code-replayed', 'no refusal']);
      const reissued = { ...rotating(-15), epoch: 1 };
      expect(decideIn({ policy: many, claim: reissued, marks: [usedAt(0)] }).kind).toBe('admit');
    });

    it('wants the count of a tag to rise, whichever gate has let it in and whatever became of that', () => {
      const tap = (counter: number, tag = '0badcafe'): Pick<Claim, 'tap'> => ({ tap: { tag, counter } });
      const answer = (counter: number, tag?: string): RefusalCode | 'no refusal' =>
        refusalOf(
          decideIn({
            policy: many,
            claim: { ...claim, method: 'nfc', ...tap(counter, tag) },
            marks: [aMark({ gate: 'gate-b', method: 'nfc', ...tap(9) })],
          }),
        );
      expect([8, 9, 10].map((counter) => answer(counter))).toEqual(['code-replayed', 'code-replayed', 'no refusal']);
      // A new band of the same ticket begins to count anew.
      expect(answer(0, 'deadbeef')).toBe('no refusal');
      const party = { ...ticket, party: 3 };
      const again = { ticket: party, claim: { ...claim, ...tap(9) }, marks: [aMark({ uses: 1, ...tap(9) })] };
      expect(refusalOf(decideIn(again))).toBe('code-replayed');
    });

    it('takes the same one again where nobody had passed', () => {
      const lapsed: Mark = {
        ...baseOf({ sequence: 2, gate: 'gate-b' }),
        kind: 'lapsed',
        of: { boot: usedAt(0).boot, sequence: 1 },
        uses: 1,
      };
      expect(decideIn({ claim: rotating(0), marks: [usedAt(0), lapsed] }).kind).toBe('admit');
    });

    it('counts the passages of a party and not its codes', () => {
      const party = { ...ticket, party: 3 };
      const answer = (offsetS: number, uses: number): RefusalCode | 'no refusal' =>
        refusalOf(decideIn({ ticket: party, claim: rotating(offsetS), marks: [usedAt(0, { uses })] }));
      expect([answer(0, 1), answer(0, 2), answer(15, 2)]).toEqual(['no refusal', 'no refusal', 'no refusal']);
      expect([answer(0, 3), answer(15, 3)]).toEqual(['party-complete', 'party-complete']);
      expect(answer(-15, 1)).toBe('code-replayed');
    });

    it('is not locked out by a mark whose code lies over 60 s ahead, while true ones still count', () => {
      const exact = at(0);
      const answer = (...marks: readonly Mark[]): RefusalCode | 'no refusal' =>
        refusalOf(decideIn({ ...exact, policy: many, claim: rotating(0), marks }));
      expect([answer(usedAt(60)), answer(usedAt(75))]).toEqual(['code-replayed', 'no refusal']);
      expect(answer(usedAt(75), usedAt(0, { sequence: 2 }))).toBe('code-replayed');
    });

    it('never takes a code twice, however uncertain the gate’s clock is', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 0, max: 600_000 }),
          fc.integer({ min: -700, max: 700 }),
          (uncertaintyMs, offsetS) => {
            const situation = { ...at(0, uncertaintyMs), policy: many, claim: rotating(offsetS * 15) };
            const twice = decideIn({ ...situation, marks: [usedAt(offsetS * 15)] });
            expect(twice.kind).toBe('refuse');
          },
        ),
      );
    });
  });

  it('admits a pass of a higher epoch than the cache knows, whatever the cache says of the older one', () => {
    expect(decideIn({ claim: { ...claim, epoch: 3 }, ticket: { ...ticket, status: 'revoked' } })).toMatchObject({
      kind: 'admit',
      ticket: { epoch: 3 },
    });
    expect(refusalOf(decideIn({ claim: { ...claim, epoch: 3 }, marks: [aMark({ epoch: 1 })] }))).toBe('already-used');
  });

  it('admits a signed pass that the cache does not have, and says so', () => {
    expect(decideIn({ ticket: undefined })).toMatchObject({ kind: 'admit', warnings: ['unknown-ticket'] });
  });

  it('opens for the rest of a party', () => {
    const party = { ...ticket, party: 5 };
    expect(decideIn({ ticket: party })).toMatchObject({ kind: 'admit', part: 1, party: 5, persons: 5 });
    expect(decideIn({ ticket: party, marks: [aMark({ uses: 2 })] })).toMatchObject({
      kind: 'admit',
      part: 3,
      persons: 3,
    });
    expect(
      decideIn({
        ticket: party,
        policy: aPolicy({ zone: { capacity: 10 } }),
        occupancy: () => ({ known: 8, spentOutOfTouch: 0 }),
      }),
    ).toMatchObject({ persons: 2 });
  });

  it('lets each person of a party in once a day, and the party again on the next', () => {
    const daily = { ticket: { ...ticket, party: 2 }, policy: aPolicy({ type: { uses: 5, oncePerDay: true } }) };
    const onDay = (day: number, uses: number): Mark =>
      aMark({ sequence: day, uses, at: { ms: eveningMs + (day - 1) * 86_400_000, counter: 0 } });
    expect(refusalOf(decideIn({ ...daily, marks: [onDay(1, 2)] }))).toBe('once-per-day');
    expect(decideIn({ ...daily, marks: [onDay(1, 1)] })).toMatchObject({ kind: 'admit', part: 2, persons: 1 });
    expect(decideIn({ ...daily, marks: [onDay(0, 1)] })).toMatchObject({ kind: 'admit', part: 1, persons: 2 });
    expect(decideIn({ ...daily, marks: [onDay(0, 2)] })).toMatchObject({ kind: 'admit', part: 1, persons: 2 });
  });

  it('opens for no more of a party than is left of the share of a gate out of touch, unless a supervisor says so', () => {
    const situation = (whenShareSpent: 'admit' | 'supervisor' | 'refuse'): Situation => ({
      ticket: { ...ticket, party: 50 },
      policy: aPolicy({ zone: { capacity: 1_000, shares: { 'gate-a': 3 }, whenShareSpent } }),
      inTouch: false,
      occupancy: () => ({ known: 1, spentOutOfTouch: 1 }),
    });
    expect(decideIn(situation('refuse'))).toMatchObject({ kind: 'admit', persons: 2 });
    expect(decideIn(situation('supervisor'))).toMatchObject({ kind: 'admit', persons: 2 });
    expect(decideIn({ ...situation('supervisor'), approval: 'supervisor' })).toMatchObject({
      kind: 'admit',
      persons: 50,
    });
    expect(decideIn(situation('admit'))).toMatchObject({ kind: 'admit', persons: 50 });
  });

  it('lets somebody back in after a scanned exit, or a steward’s pass-out', () => {
    const policy = aPolicy({ type: { reentry: true }, zone: { exitsScanned: true } });
    expect(
      decideIn({
        policy,
        marks: [aMark({ sequence: 1 }), { ...baseOf({ sequence: 2 }), kind: 'exited', zone: 'arena' }],
      }).kind,
    ).toBe('admit');
    expect(
      decideIn({ marks: [aMark({ sequence: 1 }), { ...baseOf({ sequence: 2 }), kind: 'passed-out', zone: 'arena' }] })
        .kind,
    ).toBe('admit');
  });

  it('records an exit even after the ticket has ended or was cancelled', () => {
    const situation = {
      lane: atExit,
      ticket: { ...ticket, status: 'revoked', validUntilS: 1 },
      marks: [aMark()],
    } as const;
    expect(decideIn(situation)).toMatchObject({ kind: 'admit', direction: 'exit' });
  });

  it('holds for a person, and lets that person say yes', () => {
    const policy = aPolicy({ type: { hold: 'under-18' } });
    expect(decideIn({ policy })).toMatchObject({ kind: 'hold', reason: 'under-18' });
    expect(decideIn({ policy, approval: 'steward' }).kind).toBe('admit');
    expect(decideIn({ ticket: { ...ticket, hold: 'vip' } })).toMatchObject({ kind: 'hold', reason: 'vip' });
  });

  it.each<[string, Situation]>([
    ['the time is not confirmed', { time: untrusted }],
    ['the ticket list is old', { feedAgeMs: 10 * 3_600_000, policy: aPolicy({ whenStale: 'supervisor' }) }],
    ['the ticket is not in the list', { ticket: undefined, policy: aPolicy({ unknownSignedPass: 'supervisor' }) }],
    [
      'the gate’s share is spent',
      { policy: aPolicy({ zone: { capacity: 10, shares: { 'gate-a': 0 } } }), inTouch: false },
    ],
  ])('asks for a supervisor, not a steward, when %s', (_what, situation) => {
    expect(decideIn(situation)).toMatchObject({ kind: 'hold', reason: 'supervisor' });
    expect(decideIn({ ...situation, approval: 'steward' }).kind).toBe('hold');
    expect(decideIn({ ...situation, approval: 'supervisor' }).kind).toBe('admit');
  });

  it('warns, and admits, where the policy only warns', () => {
    const decision = decideIn({
      feedAgeMs: 10 * 3_600_000,
      inTouch: false,
      time: { ...untrusted },
      policy: aPolicy({ whenClockUntrusted: 'admit' }),
    });
    expect(decision).toMatchObject({ kind: 'admit', warnings: ['cache-stale', 'clock-untrusted', 'out-of-touch'] });
  });

  it('no approval opens for a ticket that is refused', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...refusals),
        fc.constantFrom('steward', 'supervisor' as const),
        ([code, , situation], approval) => {
          expect(refusalOf(decideIn({ ...situation, approval: approval }))).toBe(code);
        },
      ),
    );
  });

  it('never admits a second use of a single-use ticket, wherever the first one is known from', () => {
    const place = fc.record({
      gate: fc.constantFrom('gate-a', 'gate-b', 'gate-c'),
      sequence: fc.integer({ min: 1, max: 50 }),
      epoch: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 4 }), (places, epoch) => {
        expect(decideIn({ claim: { ...claim, epoch }, marks: places.map((mark) => aMark(mark)) }).kind).toBe('refuse');
      }),
    );
  });

  it('names each refusal code once', () => {
    expect(new Set(refusalCodes).size).toBe(refusalCodes.length);
  });
});

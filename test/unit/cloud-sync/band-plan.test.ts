// Goal: whatever gates and desks have made of a band before, once the desk has given it to a ticket every gate agrees that it is that ticket's,
// and a lost band is nobody's.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draftBindings, foldBindings, markKey, type BoundMark, type MarkName } from '@postern/shared';
import { planBinding, type BandQuestion } from '../../../cloud-sync/src/services/band-plan.ts';
import type { LiveBinding } from '../../../cloud-sync/src/store/bindings.ts';
import { baseOf } from '../../support/marks.ts';

const event = 7;
const tags = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
const ticketIds = ['1', '2', '3'].map((digit) => digit.repeat(32));
const epoch = 1;

const anyMark = fc.record({
  gate: fc.constantFrom('gate-a', 'gate-b'),
  tagHash: fc.constantFrom(...tags),
  ticketId: fc.constantFrom(...ticketIds, ''),
  epoch: fc.nat({ max: epoch }),
  settles: fc.array(fc.nat({ max: 9 }), { maxLength: 3 }),
});
const anyMarks = fc.array(anyMark, { maxLength: 10 }).map((drawn): readonly BoundMark[] => {
  const names = drawn.map(({ gate }, index): MarkName => ({ gate, boot: baseOf({ gate }).boot, sequence: index + 1 }));
  return drawn.map(({ gate, settles, ticketId, ...rest }, index) => ({
    ...baseOf({ gate, sequence: index + 1 }),
    ...rest,
    kind: 'bound',
    ticketId,
    epoch: ticketId === '' ? 0 : rest.epoch,
    settles: settles.flatMap((of) => names[of] ?? []).slice(0, 4),
  }));
});
const toLive = ({ gate, boot, sequence, tagHash: tag, ticketId: ticket, epoch: of }: BoundMark): LiveBinding => ({
  gate,
  boot,
  sequence,
  tag,
  ticket,
  epoch: of,
});
const anyQuestion = fc.record({
  tag: fc.constantFrom(...tags),
  ticket: fc.record({
    id: fc.constantFrom(...ticketIds),
    epoch: fc.constant(epoch),
    party: fc.integer({ min: 1, max: 2 }),
  }),
  instead: fc.option(fc.constantFrom(...tags), { nil: undefined }),
});

describe('a plan to give a band to a ticket', () => {
  it('makes it that ticket’s at every gate, and the lost one nobody’s', () => {
    let carriedOut = 0;
    fc.assert(
      fc.property(anyMarks, anyQuestion, (marks, { tag, ticket, instead }) => {
        fc.pre(instead !== tag);
        const before = foldBindings(marks, () => ticket.party);
        const own = before.holding({ ticketId: ticket.id }).filter((mark) => mark.epoch >= ticket.epoch);
        const others = new Set(own.map(({ tagHash }) => tagHash));
        for (const gone of [tag, instead]) others.delete(gone ?? '');
        const planned = planBinding({
          ticket,
          ofTag: before.holding({ tagHash: tag }).map(toLive),
          claims: before.claims(tag).map(toLive),
          lost: instead === undefined ? undefined : own.filter(({ tagHash }) => tagHash === instead).map(toLive),
          others: others.size,
          takeFrom: 'all',
        });
        if (!planned.ok) return;
        const place = { event, lane: '', method: 'nfc' };
        const drafts = draftBindings(place, { tagHash: tag, ticketId: ticket.id, epoch }, planned.value.replaces);
        const made = drafts.map(
          (draft, index) => ({ ...baseOf({ gate: 'cloud', sequence: index + 100 }), ...draft }) as BoundMark,
        );
        const after = foldBindings(
          planned.value.existing === undefined ? [...marks, ...made] : marks,
          () => ticket.party,
        );
        expect(after.tag(tag)).toEqual({ type: 'bound', ticketId: ticket.id, epoch });
        if (instead !== undefined)
          expect(after.holding({ tagHash: instead }).map(({ ticketId }) => ticketId)).not.toContain(ticket.id);
        carriedOut += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(carriedOut).toBeGreaterThan(200);
  });

  const question = (change: Partial<BandQuestion>): BandQuestion => ({
    ticket: { id: ticketIds[0] ?? '', epoch: 0, party: 1 },
    ofTag: [],
    claims: [],
    others: 0,
    takeFrom: [],
    ...change,
  });
  const binding = (tag: number, ticket: number): LiveBinding => ({
    gate: 'gate-a',
    boot: '0'.repeat(16),
    sequence: 10 * tag + ticket + 1,
    tag: tags[tag] ?? '',
    ticket: ticketIds[ticket] ?? '',
    epoch: 0,
  });

  it('takes a band only from those tickets that were named', () => {
    const ofTag = [binding(0, 1), binding(0, 2)];
    expect(planBinding(question({ ofTag, takeFrom: [ticketIds[1] ?? ''] }))).toMatchObject({
      error: { type: 'band-bound', ticket: ticketIds[2] },
    });
    const taken = planBinding(question({ ofTag, takeFrom: ticketIds }));
    expect(taken.ok && taken.value.replaces.map((one) => markKey({ event, ...one }))).toHaveLength(2);
  });

  it('gives no more bands than the party has persons, at least one', () => {
    const party = (persons: number) => ({ id: ticketIds[0] ?? '', epoch: 0, party: persons });
    expect(planBinding(question({ ticket: party(0), others: 0 })).ok).toBe(true);
    expect(planBinding(question({ ticket: party(2), others: 1 })).ok).toBe(true);
    expect(planBinding(question({ ticket: party(2), others: 2 }))).toMatchObject({ error: { type: 'bands-too-many' } });
  });
});

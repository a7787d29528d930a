// Goal: a wristband never changes hands in silence. Bindings made in ignorance of each other are a conflict on every replica, and only
// a mark that names them settles it.
import {
  bindingsAround,
  draftBindings,
  foldBindings,
  markKey,
  ready,
  settlesMax,
  tagRefusal,
  type BoundMark,
  type Mark,
  type MarkName,
} from '@postern/shared';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { baseOf } from '../../support/marks.ts';

beforeAll(() => ready);

const [ticket1, ticket2, ticket3] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];
const [tagA, tagB] = ['a', 'b'].map((digit) => digit.repeat(32)) as [string, string];
const one = (): number => 1;

const bound = (
  gate: string,
  sequence: number,
  tagHash: string,
  ticketId: string,
  settles?: readonly BoundMark[],
  fields: Partial<BoundMark> = {},
): BoundMark => ({
  ...baseOf({ gate, sequence }),
  ticketId,
  kind: 'bound',
  tagHash,
  ...(settles === undefined ? {} : { settles: settles.map(refOf) }),
  ...fields,
});
const refOf = ({ gate, boot, sequence }: BoundMark): MarkName => ({ gate, boot, sequence });

describe('a wristband', () => {
  it('belongs to the ticket that it was bound to, and to none once it was unbound', () => {
    const first = bound('gate-a', 1, tagA, ticket1);
    expect(foldBindings([first], one).tag(tagA)).toEqual({ type: 'bound', ticketId: ticket1, epoch: 0 });
    expect(foldBindings([first, bound('gate-b', 2, tagA, '', [first])], one).tag(tagA)).toEqual({
      type: 'unbound',
      released: true,
    });
    expect(foldBindings([], one).tag(tagA)).toEqual({ type: 'unbound' });
  });

  it('goes to another ticket where that desk knew what it replaced', () => {
    const first = bound('gate-a', 1, tagA, ticket1);
    const bindings = foldBindings([first, bound('gate-b', 2, tagA, ticket2, [first])], one);
    expect(bindings.tag(tagA)).toMatchObject({ type: 'bound', ticketId: ticket2 });
    expect(bindings.conflicts).toEqual([]);
  });

  it('is not claimed again by a dead binding once its ticket’s newer one is replaced, where that was named too', () => {
    const dead = bound('gate-a', 1, tagA, ticket1);
    const newer = bound('gate-b', 2, tagA, ticket1, undefined, { epoch: 1 });
    const before = foldBindings([dead, newer], one);
    expect(before.holding({ tagHash: tagA })).toEqual([newer]);
    expect(before.claims(tagA)).toEqual([dead, newer]);
    const given = (settles: readonly BoundMark[]): string =>
      foldBindings([dead, newer, bound('gate-c', 3, tagA, ticket2, settles)], one).tag(tagA).type;
    expect([given([newer]), given(before.claims(tagA))]).toEqual(['conflict', 'bound']);
  });

  it('is in conflict when two gates bound it to different tickets without knowing, whichever was later', () => {
    const marks = [bound('gate-a', 1, tagA, ticket1), bound('gate-b', 9, tagA, ticket2)];
    const { tag, conflicts } = foldBindings(marks, one);
    expect(conflicts).toMatchObject([
      {
        kind: 'tag',
        subject: tagA,
        marks: [
          { gate: 'gate-a', ticketId: ticket1 },
          { gate: 'gate-b', ticketId: ticket2 },
        ],
      },
    ]);
    expect(tag(tagA)).toEqual({ type: 'conflict', conflict: conflicts[0] });
    expect(tagRefusal(tag(tagA))).toMatchObject({ type: 'band-disputed', detail: { gate: 'gate-b' } });
    expect(tagRefusal(tag(tagB))).toEqual({ type: 'code-unknown' });
    expect(tagRefusal({ type: 'bound', ticketId: ticket1, epoch: 0 })).toBeUndefined();
  });

  it('is no conflict when both gates said the same', () => {
    const same = [bound('gate-a', 1, tagA, ticket1), bound('gate-b', 2, tagA, ticket1)];
    expect(foldBindings(same, one)).toMatchObject({ conflicts: [] });
  });

  it('is in conflict when its ticket has more bands than its party, and no longer once one was chosen', () => {
    const marks = [bound('gate-a', 1, tagA, ticket1), bound('gate-b', 1, tagB, ticket1)];
    const { conflicts, tag } = foldBindings(marks, one);
    expect(conflicts).toMatchObject([{ kind: 'ticket', subject: ticket1 }]);
    expect([tagA, tagB].map((hash) => tag(hash).type)).toEqual(['conflict', 'conflict']);
    expect(foldBindings(marks, () => 2).conflicts).toEqual([]);
    const settled = foldBindings([...marks, bound('cloud', 1, tagB, ticket1, marks)], one);
    expect([tagA, tagB].map((hash) => settled.tag(hash).type)).toEqual(['unbound', 'bound']);
  });

  it('keeps its id however many gates join the conflict', () => {
    const marks = [
      bound('gate-a', 1, tagA, ticket1),
      bound('gate-b', 1, tagA, ticket2),
      bound('gate-c', 1, tagA, ticket3),
    ];
    const ids = [marks.slice(0, 2), marks.slice(1), marks].map((some) => foldBindings(some, one).conflicts[0]?.id);
    expect(new Set(ids).size).toBe(1);
  });

  it('cannot be taken by a mark that names what has nothing to do with it', () => {
    const first = bound('gate-a', 1, tagA, ticket1);
    const stranger = bound('gate-x', 1, tagB, ticket2, [first]);
    expect(foldBindings([first, stranger], one).tag(tagA)).toMatchObject({ type: 'bound', ticketId: ticket1 });
  });

  it('of a ticket that was issued anew is dead beside the band of the newer one', () => {
    const marks = [bound('gate-a', 1, tagA, ticket1), bound('gate-b', 1, tagB, ticket1, undefined, { epoch: 1 })];
    const { tag, conflicts } = foldBindings(marks, one);
    expect(conflicts).toEqual([]);
    expect([tag(tagA).type, tag(tagB).type]).toEqual(['unbound', 'bound']);
  });

  it('is settled by as many marks as it takes to name all', () => {
    const many = Array.from({ length: settlesMax + 2 }, (_, index) =>
      bound('gate-a', index + 1, tagA, String(index).padStart(32, '0')),
    );
    const drafts = draftBindings({ event: 7, lane: '', method: 'nfc' }, many[0] as BoundMark, many);
    const settling = drafts.map((draft, index): Mark => ({
      ...baseOf({ gate: 'cloud', sequence: index + 1 }),
      ...draft,
    }));
    expect(settling.every((mark) => mark.kind === 'bound' && (mark.settles ?? []).length <= settlesMax)).toBe(true);
    const { tag, conflicts } = foldBindings([...many, ...settling], one);
    expect(conflicts).toEqual([]);
    expect(tag(tagA)).toMatchObject({ type: 'bound', ticketId: many[0]?.ticketId });
  });
});

describe('bindings of an event', () => {
  const tags = [tagA, tagB, 'c'.repeat(32)];
  const tickets = [ticket1, ticket2, ticket3, ''];
  const anyBindings = fc
    .array(
      fc.record({
        tag: fc.constantFrom(...tags),
        ticket: fc.constantFrom(...tickets),
        names: fc.array(fc.nat(20), { maxLength: 3 }),
      }),
      {
        maxLength: 9,
      },
    )
    .map((drawn) => {
      const marks: BoundMark[] = [];
      for (const [index, { tag, ticket, names }] of drawn.entries()) {
        const known = names.flatMap((name) => marks[name % Math.max(1, marks.length)] ?? []);
        marks.push(bound(`gate-${index % 3}`, index + 1, tag, ticket, known));
      }
      return marks;
    });

  it('do not depend on the order or repetition of marks', () => {
    fc.assert(
      fc.property(
        anyBindings.chain((marks) =>
          fc.tuple(fc.constant(marks), fc.shuffledSubarray([...marks, ...marks], { minLength: marks.length * 2 })),
        ),
        ([marks, shuffled]) => {
          const [ours, theirs] = [foldBindings(marks, one), foldBindings(shuffled, one)];
          expect(theirs.conflicts).toEqual(ours.conflicts);
          expect(tags.map(theirs.tag)).toEqual(tags.map(ours.tag));
        },
      ),
    );
  });

  it('say of one tag the same from the marks around it as from all', () => {
    fc.assert(
      fc.property(anyBindings, (marks) => {
        const whole = foldBindings(marks, one);
        for (const tagHash of tags) {
          const around = bindingsAround([tagHash], [], {
            byTag: (hash) => marks.filter((mark) => mark.tagHash === hash),
            byTicket: (ticketId) => marks.filter((mark) => mark.ticketId === ticketId),
          });
          expect(new Set(around.map(markKey)).size).toBe(around.length);
          expect(foldBindings(around, one).tag(tagHash)).toEqual(whole.tag(tagHash));
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

// Goal: a gate tells of the double entries that it knows of, its own and others', under the ids that everybody has, without holding up a
// scan and without claiming to know more than it does.
import { caseId, ready, type Mark } from '@postern/shared';
import { beforeAll, expect, test } from 'vitest';
import { casesAgeMsMax, createKnownCases, type KnownCasesDeps } from '../../../gate-agent/src/known-cases.ts';
import { aMark, aPolicy, eveningMs } from '../../support/marks.ts';

beforeAll(() => ready);

const policy = aPolicy();
const ticketOf = (index: number): string => index.toString(16).padStart(32, '0');
const entry = (gate: string, ticket: number, seconds: number): Mark =>
  aMark({
    gate,
    sequence: ticket + 1,
    ticketId: ticketOf(ticket),
    at: { ms: eveningMs + seconds * 1_000, counter: 0 },
  });

function createBench({
  own = [],
  others = [],
  lost = [],
}: {
  own?: readonly Mark[];
  others?: readonly Mark[];
  lost?: readonly string[];
}) {
  let monotonicMs = 0;
  let breaths = 0;
  let looked = 0;
  const idOf = (mark: Mark): string => ('ticketId' in mark ? mark.ticketId : '');
  const deps: KnownCasesDeps = {
    store: {
      marksOf: (ticketId) => {
        looked++;
        return [...own, ...others].filter((mark) => idOf(mark) === ticketId);
      },
      ticketsAfter: (after, marksMax) => {
        const page = others
          .map(idOf)
          .toSorted()
          .filter((id) => after === undefined || id > after)
          .slice(0, marksMax);
        return [...new Set(page)].map((ticketId) => ({ ticketId, marks: page.filter((id) => id === ticketId).length }));
      },
      ownTickets: () => [...new Set(own.map(idOf))],
    },
    policy: () => policy,
    ticket: () => undefined,
    gates: () => ['gate-b', 'gate-c', 'cloud'].map((id) => ({ id, ...(lost.includes(id) ? { lost: true } : {}) })),
    heard: () => [{ gate: 'gate-b', coveredMs: eveningMs + 60_000 }],
    clock: { wallMs: () => 0, monotonicMs: () => monotonicMs },
    nowMs: () => eveningMs,
    breathe: async () => void breaths++,
  };
  return {
    cases: createKnownCases(deps),
    pass: (ms: number) => void (monotonicMs += ms),
    breaths: () => breaths,
    looked: () => looked,
  };
}

test('an entry here and one elsewhere are a case, with who has not been heard from', async () => {
  const { cases } = createBench({
    own: [entry('gate-a', 1, 0)],
    others: [entry('gate-b', 1, 30), entry('gate-b', 2, 31)],
  });
  const { cases: found, count, completeUpToMs } = await cases();
  expect(count).toBe(1);
  // Of gate-c nothing was ever heard; the cloud has written nothing and is not waited for.
  expect(completeUpToMs).toBe(0);
  expect(found).toMatchObject([
    {
      id: caseId(policy.event, ticketOf(1), '2026-09-21'),
      fitting: [{ gate: 'gate-a' }],
      misfits: [{ gate: 'gate-b' }],
      cause: 'copied-code',
      gatesNotHeard: ['gate-c'],
      mayChange: 'May change: 1 gate not heard from',
    },
  ]);
});

test('a gate that was declared lost is named and not waited for, as in the cloud', async () => {
  const { cases } = createBench({
    own: [entry('gate-a', 1, 0)],
    others: [entry('gate-b', 1, 30)],
    lost: ['gate-c'],
  });
  const { cases: found, completeUpToMs } = await cases();
  expect(completeUpToMs).toBe(eveningMs + 60_000);
  expect(found).toMatchObject([{ gatesNotHeard: [], gatesLost: ['gate-c'] }]);
  expect(found[0]).not.toHaveProperty('mayChange');
});

test('a lost gate that had told of everything before is no gap in a story', async () => {
  const { cases } = createBench({
    others: [entry('gate-b', 1, 0), { ...entry('gate-b', 1, 30), boot: 'ffffffffffffffff' }],
    lost: ['gate-b', 'gate-c'],
  });
  const { cases: found, completeUpToMs } = await cases();
  expect(completeUpToMs).toBeUndefined();
  expect(found).toMatchObject([{ gatesNotHeard: [], gatesLost: ['gate-c'] }]);
});

test('two entries elsewhere are one too, and tickets with one use are not even read', async () => {
  const others = [entry('gate-b', 7, 0), { ...entry('gate-c', 7, 20), boot: 'ffffffffffffffff' }];
  const once = Array.from({ length: 500 }, (_, index) => entry('gate-b', 100 + index, index));
  const { cases, looked } = createBench({ others: [...others, ...once] });
  expect((await cases()).cases.map(({ ticket }) => ticket)).toEqual([ticketOf(7)]);
  expect(looked()).toBeLessThan(5);
});

test('nobody waits long for the thread, and an answer serves all who ask within a while', async () => {
  const others = Array.from({ length: 5_000 }, (_, index) => entry('gate-b', index, index));
  const { cases, breaths, pass } = createBench({ others });
  const [first, second] = await Promise.all([cases(), cases()]);
  expect(second).toBe(first);
  expect(breaths()).toBeGreaterThanOrEqual(5);
  pass(casesAgeMsMax + 1);
  expect(await cases()).not.toBe(first);
});

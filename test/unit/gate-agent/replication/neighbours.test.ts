// Goal: a few neighbours each are enough for a mark to get everywhere.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ready } from '@postern/shared';
import { chooseNeighbours, neighboursMax } from '../../../../gate-agent/src/replication/neighbours.ts';

beforeAll(() => ready);

const gateIds = (count: number, name = 'gate'): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

/** Whom each gate tells, when everybody knows of everybody. */
const tells = (gates: readonly string[], turn = 0): ReadonlyMap<string, readonly string[]> =>
  new Map(
    gates.map((gate) => [
      gate,
      chooseNeighbours(
        gate,
        gates.filter((other) => other !== gate),
        turn,
      ),
    ]),
  );

/** After how many tellings each gate has heard what the first one knows. */
function hopsFrom(first: string, graph: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const hops = new Map([[first, 0]]);
  for (let round = [first]; round.length > 0;) {
    const next: string[] = [];
    for (const gate of round)
      for (const other of graph.get(gate) ?? [])
        if (!hops.has(other)) {
          hops.set(other, (hops.get(gate) ?? 0) + 1);
          next.push(other);
        }
    round = next;
  }
  return hops;
}

describe('neighbours', () => {
  test('are everybody where there are few gates', () => {
    const others = gateIds(neighboursMax);
    expect(chooseNeighbours('gate-x', others, 0).toSorted()).toEqual(others.toSorted());
  });

  test('are few and different where there are many, whatever the gates are called', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { minLength: 8, maxLength: 60 }), (gates) => {
        for (const chosen of tells(gates).values()) {
          expect(chosen).toHaveLength(neighboursMax);
          expect(new Set(chosen).size).toBe(neighboursMax);
        }
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    [20, 4],
    [100, 5],
    [250, 6],
  ])('carry a mark from any of %i gates to all others in at most %i tellings', (count, tellingsMax) => {
    const gates = gateIds(count);
    const graph = tells(gates);
    for (const gate of gates) {
      const hops = hopsFrom(gate, graph);
      expect(hops.size).toBe(count);
      expect(Math.max(...hops.values())).toBeLessThanOrEqual(tellingsMax);
    }
  });

  test('connect everybody whatever their names', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 8, max: 40 }), (seed, count) => {
        const gates = gateIds(count, `venue${seed}`);
        expect(hopsFrom(gates[0] ?? '', tells(gates)).size).toBe(count);
      }),
      { numRuns: 20 },
    );
  });

  test('stay, but for one that changes with the turn', () => {
    const others = gateIds(40);
    const [now, later] = [chooseNeighbours('gate-x', others, 1), chooseNeighbours('gate-x', others, 2)];
    expect(now.filter((gate) => later.includes(gate)).length).toBeGreaterThanOrEqual(neighboursMax - 1);
    const everMet = new Set(Array.from({ length: 400 }, (_, turn) => chooseNeighbours('gate-x', others, turn)).flat());
    expect(everMet.size).toBe(others.length);
  });
});

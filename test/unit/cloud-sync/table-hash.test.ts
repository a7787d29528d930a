// Goal: two tables have the same hash exactly when they have the same rows, in whatever order.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTableHash, type Row } from '../../../cloud-sync/src/store/table-hash.ts';

const value = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.uint8Array({ maxLength: 3 }),
  fc.constantFrom('n;', 'i1;', 't0;', '1', '', 'b0;'),
);
const row: fc.Arbitrary<Row> = fc.record({ a: value, b: value });
const hashOf = (rows: readonly Row[], columns = ['a', 'b']): string => {
  const hash = createTableHash(columns);
  for (const each of rows) hash.add(each);
  return `${hash.rows()} ${hash.digest()}`;
};
const asText = (rows: readonly Row[]): string =>
  JSON.stringify(rows.map(({ a, b }) => JSON.stringify([kind(a), kind(b)])).toSorted());
const kind = (of: unknown): unknown => (of instanceof Uint8Array ? { bytes: [...of] } : of);

it('does not depend on the order of rows or columns', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
      const turned = rows.toReversed().map(({ a, b }) => ({ b, a }));
      expect(hashOf(turned, ['b', 'a'])).toBe(hashOf(rows));
    }),
  );
});

it('differs when a value, its kind, or the number of equal rows does', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 3 }), fc.array(row, { maxLength: 3 }), (rows, others) => {
      expect(hashOf(rows) === hashOf(others)).toBe(asText(rows) === asText(others));
      for (const first of rows.slice(0, 1)) expect(hashOf([first, ...rows])).not.toBe(hashOf(rows));
    }),
  );
  expect(hashOf([{ a: 1, b: null }])).not.toBe(hashOf([{ a: '1', b: null }]));
  expect(hashOf([{ a: 'ab', b: 'c' }])).not.toBe(hashOf([{ a: 'a', b: 'bc' }]));
});

it('takes nothing but numbers, texts, bytes and null', () => {
  expect(() => hashOf([{ a: true, b: 1 }])).toThrow('column a');
});

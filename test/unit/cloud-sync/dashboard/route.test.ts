// Where an address leads, and the address of a place.
import { expect, it } from 'vitest';
import { addressOf, readPlace } from '../../../../cloud-sync/src/dashboard/route.ts';

it('reads what it has written', () => {
  const places = [
    { event: 12, section: 'tickets', rest: ['0190f3a4', 'a/b ü'] },
    { section: 'users', rest: [] },
  ];
  for (const place of places) expect(readPlace(addressOf(place))).toEqual(place);
});

it.each([
  ['', { section: '', rest: [] }],
  ['#', { section: '', rest: [] }],
  ['#/e/', { section: '', rest: [] }],
  ['#/e/0/live', { section: 'live', rest: [] }],
  ['#/e/1e400/live', { section: 'live', rest: [] }],
  ['#/e/-1/live', { section: 'live', rest: [] }],
  ['#/e/3', { event: 3, section: '', rest: [] }],
  ['#//e//3//live//', { event: 3, section: 'live', rest: [] }],
  ['#/users/%E0%A4%A', { section: 'users', rest: ['%E0%A4%A'] }],
])('makes the best of %j', (hash, place) => {
  expect(readPlace(hash)).toEqual(place);
});

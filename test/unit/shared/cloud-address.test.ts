// Goal: a gate that asks where the cloud was before says so, and one that asks at an address of its own is left alone.
import { expect, test } from 'vitest';
import { movedFrom } from '@postern/shared';

const address = { url: 'https://new.example', former: ['https://tickets.example/cloud', 'http://10.0.0.5:8080'] };

test.each([
  ['https://tickets.example/cloud', 'https://new.example'],
  ['https://Tickets.example:443/cloud/', 'https://new.example'],
  ['http://10.0.0.5:8080', 'https://new.example'],
  // Where it is.
  ['https://new.example/', undefined],
  // By a way of their own.
  ['http://10.0.0.6:8080', undefined],
  ['https://tickets.example', undefined],
  ['not an address', undefined],
  [undefined, undefined],
])('a gate that asks at %s is told %s', (asked, to) => {
  expect(movedFrom(address, asked)).toBe(to);
});

test('a cloud that says nothing of it has moved nowhere, nor has one that is back', () => {
  expect(movedFrom(undefined, 'https://tickets.example')).toBeUndefined();
  expect(movedFrom({ url: 'https://a.example', former: ['https://a.example'] }, 'https://a.example')).toBeUndefined();
});

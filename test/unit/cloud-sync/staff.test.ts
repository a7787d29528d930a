// Goal: staff of an event get a card and a PIN, gates learn of them and of their leaving, and neither secret is kept.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  feedGatesMax,
  feedStaffMax,
  hashStaffCode,
  staffCodePattern,
  trustedFeedKeys,
  verifyManifest,
  type Manifest,
  type StaffView,
} from '@postern/shared';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { typeOf } from '../../support/people.ts';

interface Card {
  readonly operator: string;
  readonly code: string;
  readonly qrSvg: string;
}

let cloud: TestCloud;
let gate: TestGate;
beforeAll(async () => {
  cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', someEvent);
  gate = await enrolTestGate(cloud, 1, 'gate-a');
});
afterAll(() => cloud.close());

const path = '/admin/events/1/staff';
const add = (): Promise<Card> => cloud.json('POST', path, { role: 'steward', pin: '471147114711' });
const listed = async (): Promise<readonly StaffView[]> => (await cloud.json<{ staff: StaffView[] }>('GET', path)).staff;

/** What gates know of staff after the next publication. */
async function published(): Promise<Manifest['staff']> {
  await cloud.json('POST', '/admin/events/1/publish');
  const response = await gate.request('GET', '/feed/1/manifest');
  const manifest = verifyManifest(
    new Uint8Array(await response.arrayBuffer()),
    trustedFeedKeys({ keys: gate.enrolment.feedKeys }),
  );
  if (!manifest.ok) throw new Error(manifest.error.type);
  return manifest.value.staff;
}

test('a card is shown once, and gates know its hash', async () => {
  const card = await add();
  expect(card.code).toMatch(staffCodePattern);
  expect(card.qrSvg).toContain('<svg');
  expect(await listed()).toContainEqual({
    operator: card.operator,
    role: 'steward',
    card: true,
    createdAtMs: cloud.time.clock.wallMs(),
  });
  const known = (await published()).find(({ operator }) => operator === card.operator);
  expect(known?.codeHash).toBe(hashStaffCode(card.code));
  expect(JSON.stringify([await listed(), known])).not.toContain(card.code.slice(4));
  const bytes = await cloud.stored();
  expect([bytes.includes(card.operator), bytes.includes(card.code), bytes.includes('471147114711')]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a new card replaces the old one', async () => {
  const first = await add();
  const second = await cloud.json<Card>('POST', `${path}/${first.operator}/card`);
  expect([second.operator, second.code === first.code]).toEqual([first.operator, false]);
  const known = (await published()).find(({ operator }) => operator === first.operator);
  expect(known?.codeHash).toBe(hashStaffCode(second.code));
});

test('somebody who is removed is gone from the list and from the gates', async () => {
  const { operator } = await add();
  expect((await published()).map((member) => member.operator)).toContain(operator);
  expect(await typeOf(await cloud.api('DELETE', `${path}/${operator}`))).toBe('204');
  expect((await listed()).map((member) => member.operator)).not.toContain(operator);
  expect((await published()).map((member) => member.operator)).not.toContain(operator);
  for (const method of ['DELETE', 'POST'] as const)
    expect(await typeOf(await cloud.api(method, `${path}/${operator}${method === 'POST' ? '/card' : ''}`))).toBe(
      '404 staff-unknown',
    );
});

test('an event has no more people and gates than its gates can be told of, so that it can always be published', async () => {
  await cloud.json('POST', '/api/events', { ...someEvent, event: 2 });
  const person = {
    event: 2,
    role: 'steward',
    salt: '0'.repeat(32),
    pin_hash: '0'.repeat(64),
    code_hash: null,
    created_at_ms: 0,
  };
  const place = { event: 2, name: 'Gate', zone: 'arena', lanes: '[]', created_at_ms: 0 };
  await withDatabase(cloud.databaseUrl, async (database) => {
    const inHundreds = async (
      count: number,
      insert: (numbers: readonly number[]) => Promise<unknown>,
    ): Promise<void> => {
      const numbers = Array.from({ length: count }, (_none, number) => number);
      for (let at = 0; at < count; at += 100) await insert(numbers.slice(at, at + 100));
    };
    await inHundreds(feedStaffMax - 1, (numbers) =>
      database
        .insertInto('staff')
        .values(numbers.map((number) => ({ ...person, operator: `operator${number}` })))
        .execute(),
    );
    await inHundreds(feedGatesMax - 1, (numbers) =>
      database
        .insertInto('gate')
        .values(numbers.map((number) => ({ ...place, id: `gate-x${number}` })))
        .execute(),
    );
  });
  const one = { role: 'steward', pin: '4711' };
  const gateOf = (id: string): object => ({ id, name: 'Last', zone: 'arena', lanes: [{ id: 'lane-1' }] });
  const { operator } = await cloud.json<Card>('POST', '/admin/events/2/staff', one);
  expect(await typeOf(await cloud.api('POST', '/admin/events/2/staff', one))).toBe('409 too-many-staff');
  await cloud.json('POST', '/admin/events/2/gates', gateOf('gate-last'));
  expect(await typeOf(await cloud.api('POST', '/admin/events/2/gates', gateOf('gate-more')))).toBe(
    '409 too-many-gates',
  );
  // A new code for one that is there is no further gate.
  await cloud.json('POST', '/admin/events/2/gates', gateOf('gate-last'));
  await cloud.json('POST', '/admin/events/2/publish');
  await cloud.api('DELETE', `/admin/events/2/staff/${operator}`);
  await cloud.json('POST', '/admin/events/2/staff', one);
});

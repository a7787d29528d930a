// Goal: a wristband that two desks have given to two tickets is seen by everybody, settled by a person once, and the choice travels to
// the gates like any mark.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  auditPageSchema,
  bindingConflictListSchema,
  decodeMark,
  foldBindings,
  type BindingConflictView,
  type BoundMark,
  type Mark,
  type TicketResponse,
} from '@postern/shared';
import { rebuildProjection } from '../../../cloud-sync/src/services/projection.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { baseOf } from '../../support/marks.ts';
import { typeOf } from '../../support/people.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

const [tagA, tagB] = ['a'.repeat(32), 'b'.repeat(32)] as const;
let test: TestCloud;
let database: Database;
let event = 0;
let gates: ReadonlyMap<string, TestGate>;
let [a, b] = ['', ''];
let tickets: readonly [string, string, string];

beforeAll(async () => {
  test = await createTestCloud();
  database = openCloudDatabase(test.databaseUrl);
});
afterAll(async () => {
  await database.destroy();
  await test.close();
});
beforeEach(async () => {
  event += 1;
  [a, b] = [`gate-a${event}`, `gate-b${event}`];
  await test.json('POST', '/api/events', { ...someEvent, event });
  const made = await Promise.all(
    [1, 1, 2].map((party) => test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1, party })),
  );
  tickets = made.map(({ id }) => id) as [string, string, string];
  gates = new Map([
    [a, await enrolTestGate(test, event, a)],
    [b, await enrolTestGate(test, event, b)],
  ]);
});

const bound = (
  gate: string,
  sequence: number,
  tagHash: string,
  ticketId: string,
  settles?: readonly BoundMark[],
): BoundMark => ({
  ...baseOf({ gate, sequence }),
  event,
  ticketId,
  kind: 'bound',
  tagHash,
  operator: 'abcdefgh',
  ...(settles === undefined
    ? {}
    : { settles: settles.map((mark) => ({ gate: mark.gate, boot: mark.boot, sequence: mark.sequence })) }),
});
const push = async (...marks: readonly Mark[]): Promise<void> => {
  const gate = gates.get(marks[0]?.gate ?? '');
  expect((await gate?.push([await gate.chunk(marks)]))?.refusals).toEqual([]);
};
const conflicts = async (): Promise<readonly BindingConflictView[]> =>
  bindingConflictListSchema.parse(await test.json('GET', `/api/events/${event}/binding-conflicts`)).conflicts;
const resolve = (id: string, body: unknown): Promise<Response> =>
  test.api('POST', `/api/events/${event}/binding-conflicts/${id}/resolve`, body);
const refOf = ({ gate, boot, sequence }: BoundMark): object => ({ gate, boot, sequence });
/** What any gate would make of the band, from the marks that the cloud holds for all. */
const stateOf = async (tagHash: string): Promise<unknown> => {
  const rows = await database
    .selectFrom('mark')
    .select(['event', 'gate', 'boot', 'bytes'])
    .where('event', '=', event)
    .where('kind', '=', 'bound')
    .execute();
  const marks = rows.flatMap((row) => {
    const mark = decodeMark(new Uint8Array(row.bytes), row);
    return mark.ok ? [mark.value] : [];
  });
  return foldBindings(marks, () => 1).tag(tagHash);
};

describe('a wristband that two tickets claim', () => {
  it('is listed with both gates and times, under one id, whatever arrives first', async () => {
    await push(bound(b, 1, tagA, tickets[1]));
    expect(await conflicts()).toEqual([]);
    await push(bound(a, 1, tagA, tickets[0]));
    const [found, ...others] = await conflicts();
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      kind: 'tag',
      subject: tagA,
      bindings: [
        { gate: a, ticket: tickets[0], operator: 'abcdefgh', uncertaintyMs: 100 },
        { gate: b, ticket: tickets[1] },
      ],
    });
  });

  it('is settled by choosing one binding, which a mark of the cloud tells all gates, and is audited', async () => {
    const [first, second] = [bound(a, 1, tagA, tickets[0]), bound(b, 1, tagA, tickets[1])];
    await push(first);
    await push(second);
    const [found] = await conflicts();
    const settled = await resolve(found?.id ?? '', { choose: refOf(first), note: 'Ada showed her order' });
    expect(settled.status).toBe(200);
    expect(await conflicts()).toEqual([]);
    expect(await stateOf(tagA)).toEqual({ type: 'bound', ticketId: tickets[0], epoch: 0 });
    const { entries } = auditPageSchema.parse(
      await test.json('GET', `/audits/log?event=${event}&action=binding-settled`),
    );
    expect(entries).toMatchObject([{ subject: found?.id, ticket: tickets[0], note: 'Ada showed her order' }]);
    expect(entries[0]?.mark).toMatch(new RegExp(`^${event}/cloud/`));
    expect(await typeOf(await resolve(found?.id ?? '', { choose: 'none' }))).toBe('404 conflict-unknown');
  });

  it('can be taken from both', async () => {
    await push(bound(a, 1, tagA, tickets[0]));
    await push(bound(b, 1, tagA, tickets[1]));
    const [found] = await conflicts();
    expect((await resolve(found?.id ?? '', { choose: 'none' })).status).toBe(200);
    expect(await conflicts()).toEqual([]);
    expect(await stateOf(tagA)).toEqual({ type: 'unbound', released: true });
  });

  it('is in conflict again when a gate that had not heard joins in later', async () => {
    const first = bound(a, 1, tagA, tickets[0]);
    await push(first);
    await push(bound(b, 1, tagA, tickets[1]));
    const [found] = await conflicts();
    await resolve(found?.id ?? '', { choose: refOf(first) });
    await push(bound(b, 1, tagA, tickets[1]), bound(b, 2, tagA, tickets[2]));
    expect(await conflicts()).toMatchObject([{ id: found?.id, bindings: [{ ticket: expect.any(String) }, {}] }]);
  });

  it('takes no choice that is not among its bindings', async () => {
    const elsewhere = bound(a, 2, tagB, tickets[0]);
    await push(bound(a, 1, tagA, tickets[0]), elsewhere);
    await push(bound(b, 1, tagA, tickets[1]));
    const found = (await conflicts()).find(({ kind }) => kind === 'tag');
    expect(await typeOf(await resolve(found?.id ?? '', { choose: refOf(elsewhere) }))).toBe('422 choice-unknown');
  });
});

describe('a ticket with several wristbands', () => {
  it('is a conflict only beyond its party', async () => {
    await push(bound(a, 1, tagA, tickets[2]), bound(a, 2, tagA.replace('a', 'c'), tickets[0]));
    await push(bound(b, 1, tagB, tickets[2]));
    expect(await conflicts()).toEqual([]);
    await push(bound(b, 1, tagB, tickets[2]), bound(b, 2, tagB.replace('b', 'd'), tickets[0]));
    expect(await conflicts()).toMatchObject([{ kind: 'ticket', subject: tickets[0] }]);
  });

  it('is none any more once its party has grown', async () => {
    await push(bound(a, 1, tagA, tickets[0]));
    await push(bound(b, 1, tagB, tickets[0]));
    expect(await conflicts()).toHaveLength(1);
    await test.json('PATCH', `/api/tickets/${tickets[0]}`, { party: 2 });
    expect(await conflicts()).toEqual([]);
    await test.json('PATCH', `/api/tickets/${tickets[0]}`, { party: 1 });
    expect(await conflicts()).toHaveLength(1);
  });

  it('is none where the second desk knew of the first, also when that is heard the other way round', async () => {
    const first = bound(a, 1, tagA, tickets[0]);
    await push(bound(b, 1, tagB, tickets[0], [first]));
    await push(first);
    expect(await conflicts()).toEqual([]);
  });
});

it('comes to the same when it is all made anew from the marks', async () => {
  const first = bound(a, 1, tagA, tickets[0]);
  await push(first, bound(a, 2, tagB, tickets[0]));
  await push(bound(b, 1, tagA, tickets[1]), bound(b, 2, tagB, tickets[2], [first]));
  const live = await conflicts();
  expect(live.length).toBeGreaterThan(0);
  const { before, after } = await rebuildProjection(database, test.time.clock, event);
  expect(after.hashByTable).toEqual(before.hashByTable);
  expect(await conflicts()).toEqual(live);
});

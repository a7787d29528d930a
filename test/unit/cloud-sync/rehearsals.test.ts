// Goal: while an event rehearses everything works and nothing counts, at gates and in the cloud; one request ends it; and whoever marks
// as rehearsed what was none is seen.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  auditPageSchema,
  rehearsalViewSchema,
  summarySchema,
  type Mark,
  type RehearsalView,
  type TicketHistory,
  type TicketResponse,
  type VerifyResponse,
} from '@postern/shared';
import { hashProjection, rebuildProjection } from '../../../cloud-sync/src/services/projection.ts';
import { createRehearsals } from '../../../cloud-sync/src/services/rehearsals.ts';
import { openCloudDatabase, withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { openFeedGate } from '../../support/feed-gate.ts';
import { aMark, baseOf, rehearsed } from '../../support/marks.ts';
import { openLiveStream } from '../../support/live-stream.ts';
import { askAs, createPerson, typeOf } from '../../support/people.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

const hourMs = 3_600_000;
const local = 'aaaaaaaaaaaaaaaa';

let test: TestCloud;
let ticket: TicketResponse;
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
});

const begin = (body: object = {}): Promise<Response> => test.api('POST', '/api/events/1/rehearsal', body);
const end = (): Promise<Response> => test.api('DELETE', '/api/events/1/rehearsal');
const view = async (): Promise<RehearsalView> =>
  rehearsalViewSchema.parse(await test.json('GET', '/api/events/1/rehearsal'));
const verify = async (): Promise<VerifyResponse> =>
  (await (
    await test.api('POST', `/api/tickets/${ticket.id}/methods/qr/verify`, { presented_data: ticket.text })
  ).json()) as VerifyResponse;
const counts = async (): Promise<readonly number[]> => {
  const { admitted, refused, marks, cases } = summarySchema.parse(await test.json('GET', '/api/events/1/summary'));
  return [admitted, refused, marks, cases];
};
/** The session that gates are told of. */
const sessionOf = async (gate: TestGate): Promise<string> => {
  await test.cloud.feed.publish(1);
  const manifest = await gate.request('GET', '/feed/1/manifest');
  expect(manifest.status).toBe(200);
  const found = /session[^0-9a-f]*([0-9a-f]{16})/.exec(Buffer.from(await manifest.arrayBuffer()).toString('latin1'));
  return found?.[1] ?? '';
};

/** Entries of the ticket at a gate, one a minute from the start of virtual time. */
const entriesOf = (gate: string, count: number, fromMinute = 0): readonly Mark[] =>
  Array.from({ length: count }, (_, index) => ({
    ...aMark({ gate, sequence: index + 1, ticketId: ticket.id }),
    event: 1,
    at: { ms: virtualStartMs + (fromMinute + index) * 60_000, counter: 0 },
  }));
const push = async (gate: TestGate, marks: readonly Mark[]): Promise<void> => {
  await gate.push([await gate.chunk(marks.map((mark, index) => ({ ...mark, sequence: index + 1 })))]);
};

describe('a rehearsal of the whole event', () => {
  it('lets tickets be used once in it, counts nothing, and leaves every ticket fresh by one request', async () => {
    expect((await begin()).status).toBe(200);
    expect(await verify()).toMatchObject({ success: true, reason: 'admitted', rehearsal: true });
    expect(await verify()).toMatchObject({ success: false, reason: 'already-used', rehearsal: true });
    expect(await counts()).toEqual([0, 0, 0, 0]);
    const { marks, usesSpent } = await test.json<TicketHistory>('GET', `/api/tickets/${ticket.id}/history`);
    expect(usesSpent).toBe(0);
    expect(marks).toMatchObject([
      { kind: 'admitted', rehearsal: true },
      { kind: 'refused', rehearsal: true },
    ]);
    expect((await end()).status).toBe(200);
    expect(await verify()).toMatchObject({ success: true, reason: 'admitted' });
    expect(await verify()).toMatchObject({ success: false, reason: 'already-used' });
    expect((await verify()).rehearsal).toBeUndefined();
    expect(await counts()).toEqual([1, 2, 3, 0]);
  });

  it('is in the signed list that gates fetch, and out of it again', async () => {
    const gate = await openFeedGate(test);
    onTestFinished(() => gate.close());
    await begin({ forMinutes: 60 });
    await test.cloud.feed.publish(1);
    await gate.poll();
    expect(gate.cache.current()?.manifest.policy.rehearsal).toMatchObject({
      untilS: (virtualStartMs + hourMs) / 1_000,
    });
    await end();
    await test.cloud.feed.publish(1);
    await gate.poll();
    expect(gate.cache.current()?.manifest.policy.rehearsal).toBeUndefined();
  });

  it('ends by itself, before the doors open, and is not set by replacing the rules', async () => {
    const doorsS = virtualStartMs / 1_000 + 2 * 3_600;
    const types = someEvent.types.map((type) => ({ ...type, validFromS: doorsS }));
    const policy = { ...someEvent, types };
    await test.json('PUT', '/api/events/1/policy', policy);
    expect(await typeOf(await begin({ forMinutes: 721 }))).toBe('400 request-invalid');
    expect((await begin({ forMinutes: 720 })).status).toBe(200);
    expect((await view()).event?.untilMs).toBe(doorsS * 1_000);
    expect(await typeOf(await begin())).toBe('409 rehearsal-in-force');
    // Before the doors a ticket can be rehearsed with, after them it counts.
    expect(await verify()).toMatchObject({ success: true, rehearsal: true });
    const mine = { session: local, fromS: 0, untilS: doorsS };
    const response = await test.api('PUT', '/api/events/1/policy', { ...policy, rehearsal: mine });
    expect(await typeOf(response)).toBe('400 request-invalid');
    await test.time.advance(2 * hourMs);
    expect((await view()).event).toBeUndefined();
    expect((await verify()).rehearsal).toBeUndefined();
  });

  it('is begun by supervisors, ended by whoever is on duty, and both are in the audit log', async () => {
    const steward = await createPerson(test, 'steward', 1);
    const supervisor = await createPerson(test, 'supervisor', 1);
    expect(await typeOf(await askAs(test, steward, 'POST', '/api/events/1/rehearsal', {}))).toBe('403 role-too-low');
    expect((await askAs(test, supervisor, 'POST', '/api/events/1/rehearsal', {})).status).toBe(200);
    expect((await askAs(test, steward, 'DELETE', '/api/events/1/rehearsal')).status).toBe(200);
    expect(await typeOf(await askAs(test, steward, 'DELETE', '/api/events/1/rehearsal'))).toBe(
      '409 rehearsal-not-in-force',
    );
    const { entries } = auditPageSchema.parse(await test.json('GET', '/audits/log?event=1'));
    expect(entries.flatMap(({ action, actor }) => (action.startsWith('rehearsal') ? [[action, actor]] : []))).toEqual([
      ['rehearsal-ended', steward.id],
      ['rehearsal-begun', supervisor.id],
    ]);
  });

  it('leaves a block that was given from the office in force', async () => {
    await begin();
    await test.json('POST', `/api/tickets/${ticket.id}/deny`, undefined, 200);
    await end();
    expect(await verify()).toMatchObject({ success: false, reason: 'denied' });
  });
});

describe('what gates have practised', () => {
  it('changes nothing that is derived, together with real marks, in whatever order they come, and made anew', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const other = await enrolTestGate(test, 1, 'gate-b');
    await begin();
    const session = await sessionOf(gate);
    expect(session).toMatch(/^[0-9a-f]{16}$/);
    await push(gate, entriesOf('gate-a', 1));
    const before = await counts();
    await push(
      other,
      entriesOf('gate-b', 3).flatMap((mark) => rehearsed(mark, session)),
    );
    expect(await counts()).toEqual(before);
    expect(before).toEqual([1, 0, 1, 0]);
    const database = openCloudDatabase(test.databaseUrl);
    onTestFinished(() => database.destroy());
    const kept = await hashProjection(database, 1);
    expect((await rebuildProjection(database, test.time.clock, 1)).after).toEqual(kept);
    expect((await view()).alarms).toEqual([]);
  });

  it('is shown gate by gate: who rehearses, who has left, who has not heard', async () => {
    const heard = await enrolTestGate(test, 1, 'gate-a');
    const leaves = await enrolTestGate(test, 1, 'gate-b');
    await enrolTestGate(test, 1, 'gate-c');
    await test.time.advance(1_000);
    await begin();
    const session = await sessionOf(heard);
    const left: Mark = {
      ...baseOf({ gate: 'gate-b' }),
      event: 1,
      at: { ms: virtualStartMs + 2_000, counter: 0 },
      kind: 'rehearsal-left',
      session,
      operator: 'abcdefgh',
    };
    await push(leaves, [left]);
    expect((await view()).gates.map(({ gate, state, operator }) => [gate, state, operator])).toEqual([
      ['gate-c', 'unheard', undefined],
      ['gate-b', 'left', 'abcdefgh'],
      ['gate-a', 'rehearses', undefined],
    ]);
    await test.time.advance(1_000);
    await end();
    // It has the list that says so; the one that was left counts whatever it has, the third has never heard of it.
    expect((await view()).gates.map(({ gate, state }) => [gate, state])).toEqual([['gate-a', 'may-rehearse']]);
    // Nor does a list help that has come to nobody.
    await test.cloud.feed.publish(1);
    expect((await view()).gates).toHaveLength(1);
    await heard.request('GET', '/feed/1/manifest');
    expect((await view()).gates).toEqual([]);
  });
});

describe('an alarm', () => {
  const live = async (): Promise<RehearsalView> => {
    const stream = await openLiveStream(test);
    const { rehearsal } = await stream.next();
    await stream.cancel();
    return rehearsal;
  };
  const begun = (gate: string, untilS: number): Mark => ({
    ...baseOf({ gate }),
    event: 1,
    at: { ms: virtualStartMs, counter: 0 },
    kind: 'rehearsal-begun',
    session: local,
    untilS,
    operator: 'abcdefgh',
  });

  it('is raised where a gate marks entries as rehearsed although nobody rehearses', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await push(
      gate,
      entriesOf('gate-a', 3).flatMap((mark) => rehearsed(mark, 'bad0bad0bad0bad0')),
    );
    const alarm = { gate: 'gate-a', name: 'Gate A', cause: 'never-begun', persons: 3, firstMs: virtualStartMs };
    expect((await view()).alarms).toMatchObject([alarm]);
    expect((await live()).alarms).toMatchObject([alarm]);
  });

  it('is raised where it goes on under a rehearsal that is over', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await begin({ forMinutes: 10 });
    const session = await sessionOf(gate);
    await push(
      gate,
      entriesOf('gate-a', 30).flatMap((mark) => rehearsed(mark, session)),
    );
    expect((await view()).alarms).toMatchObject([{ cause: 'outside-its-time' }]);
  });

  it('is raised where a gate that was out of touch has gone on after it was ended', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await begin({ forMinutes: 60 });
    const session = await sessionOf(gate);
    await test.time.advance(5 * 60_000);
    await end();
    await push(
      gate,
      entriesOf('gate-a', 10).flatMap((mark) => rehearsed(mark, session)),
    );
    expect((await view()).alarms).toEqual([]);
    await push(
      await enrolTestGate(test, 1, 'gate-b'),
      entriesOf('gate-b', 12).flatMap((mark) => rehearsed(mark, session)),
    );
    expect((await view()).alarms).toMatchObject([{ gate: 'gate-b', cause: 'outside-its-time' }]);
  });

  it('is raised where a gate rehearses by itself while people come in elsewhere, and not before', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const other = await enrolTestGate(test, 1, 'gate-b');
    const untilS = virtualStartMs / 1_000 + 3_600;
    await push(gate, [begun('gate-a', untilS), ...entriesOf('gate-a', 5).flatMap((mark) => rehearsed(mark, local))]);
    expect(await view()).toMatchObject({
      gates: [{ gate: 'gate-a', state: 'rehearses', of: 'gate', untilMs: untilS * 1_000, operator: 'abcdefgh' }],
      alarms: [],
    });
    await push(other, entriesOf('gate-b', 1, 2));
    expect((await view()).alarms).toMatchObject([{ gate: 'gate-a', cause: 'while-doors-open', persons: 5 }]);
    // The session of another gate is nobody else's.
    await push(
      await enrolTestGate(test, 1, 'gate-c'),
      entriesOf('gate-c', 1).flatMap((mark) => rehearsed(mark, local)),
    );
    expect((await view()).alarms.map(({ gate: of, cause }) => [of, cause])).toContainEqual(['gate-c', 'never-begun']);
  });

  it('is looked for with as many questions to the database, however many sessions there are', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    await push(await enrolTestGate(test, 1, 'gate-b'), entriesOf('gate-b', 30));
    const untilS = virtualStartMs / 1_000 + 3_600;
    const sessions = Array.from({ length: 20 }, (_, index) => index.toString(16).padStart(16, '0'));
    const asked: number[] = [];
    for (const count of [1, 20]) {
      const marks = sessions
        .slice(0, count)
        .flatMap((session) => [
          { ...begun('gate-a', untilS), session },
          ...entriesOf('gate-a', 1).flatMap((mark) => rehearsed(mark, session)),
        ]);
      await gate.push([await gate.chunk(marks.map((mark, index) => ({ ...mark, sequence: index + 1 })))]);
      expect((await begin()).status).toBe(200);
      expect((await end()).status).toBe(200);
      asked.push(await countQuestions());
    }
    expect((await view()).alarms).toMatchObject([{ gate: 'gate-a', cause: 'while-doors-open', persons: 20 }]);
    expect(asked[1]).toBe(asked[0]);
  });
});

/** How many statements the view of the event's rehearsals takes. */
async function countQuestions(): Promise<number> {
  let questions = 0;
  await withDatabase(test.databaseUrl, (database) =>
    createRehearsals({
      database: database.withPlugin({
        transformQuery: ({ node }) => {
          questions += 1;
          return node;
        },
        transformResult: async ({ result }) => result,
      }),
      clock: test.time.clock,
      random: () => new Uint8Array(0),
      keys: test.cloud.keys,
      changed: () => undefined,
    }).view(1),
  );
  return questions;
}

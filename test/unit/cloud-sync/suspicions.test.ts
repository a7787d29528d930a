// Goal: suspicious uses are found as marks arrive, in whatever order and however often; one list holds them, and a person works it off.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  auditPageSchema,
  markKey,
  suspicionPageSchema,
  suspicionSchema,
  type Mark,
  type SuspicionView,
  type TicketResponse,
} from '@postern/shared';
import { followCorrections } from '../../../cloud-sync/src/services/corrected-stories.ts';
import { rebuildSuspicions } from '../../../cloud-sync/src/services/suspicion-derive.ts';
import { rebuildUses } from '../../../cloud-sync/src/services/uses.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { anna } from '../../support/audit.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark, baseOf, eveningMs } from '../../support/marks.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

let test: TestCloud;
let database: Database;
/** Every test has an event with two gates and a ticket. */
let event = 0;
let a: string;
let b: string;
let gates: readonly TestGate[];
let ticket: TicketResponse;

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
  ticket = await test.json('POST', '/api/tickets', { event, type: 1 });
  gates = [await enrolTestGate(test, event, a), await enrolTestGate(test, event, b)];
});

const at = (seconds: number): { readonly ms: number; readonly counter: number } => ({
  ms: eveningMs + seconds * 1_000,
  counter: 0,
});
const admitted = (gate: string, sequence: number, seconds: number): Mark =>
  aMark({ event, ticketId: ticket.id, gate, sequence, at: at(seconds) });
const refused = (gate: string, sequence: number, seconds: number, code = 'already-used', count = 1): Mark => ({
  ...baseOf({ gate, sequence }),
  event,
  ticketId: ticket.id,
  at: at(seconds),
  kind: 'refused',
  code,
  count,
});
const push = async (...marks: readonly Mark[]): Promise<void> => {
  const gate = gates.find(({ id }) => id === marks[0]?.gate);
  const answer = await gate?.push([await gate.chunk(marks)]);
  expect(answer?.refusals).toEqual([]);
};
const list = async (query = ''): Promise<readonly SuspicionView[]> =>
  suspicionPageSchema.parse(await test.json('GET', `/api/events/${event}/suspicions?${query}`)).suspicions;
const kinds = async (): Promise<readonly string[]> => (await list()).map(({ kind }) => kind).toSorted();
const change = (id: string, body: unknown): Promise<Response> =>
  test.api('PATCH', `/api/events/${event}/suspicions/${id}`, body);
const rows = (): Promise<unknown[]> =>
  database.selectFrom('suspicion').selectAll().where('event', '=', event).orderBy('id').execute();

/** Two gates, a replay, many refusals, a double entry. */
const everything = (): readonly [readonly Mark[], readonly Mark[]] => [
  [admitted(a, 1, 0), refused(a, 2, 100, 'code-replayed', 2), refused(a, 3, 200, 'already-used', 4)],
  [refused(b, 1, 20), admitted(b, 2, 7_200)],
];

describe('suspicious uses', () => {
  it('are found as marks arrive: travel, refusals, replays, double entries', async () => {
    for (const marks of everything()) await push(...marks);
    expect(await kinds()).toEqual(['code-replayed', 'double-entry', 'impossible-travel', 'many-refusals']);
    expect(await list('kind=impossible-travel')).toMatchObject([
      {
        ticket: ticket.id,
        day: '2026-09-21',
        count: 1,
        firstAtMs: eveningMs,
        lastAtMs: eveningMs + 20_000,
        gates: [a, b],
        holds: true,
        state: 'open',
        extended: false,
      },
    ]);
    const [double] = await list('kind=double-entry');
    expect(double).toMatchObject({ count: 1, gates: [a, b] });
    expect(double?.sightings.map(({ gate, sequence }) => [gate, sequence])).toEqual([
      [a, 1],
      [b, 2],
    ]);
  });

  it('are none where nothing is wrong', async () => {
    await push(admitted(a, 1, 0), refused(a, 2, 100));
    expect(await list()).toEqual([]);
  });

  it('are the same in whatever order marks come, however often, and made anew', async () => {
    const [marksOfA, marksOfB] = everything();
    for (const marks of [marksOfB, marksOfA, marksOfB]) await push(...marks);
    const found = await rows();
    expect(found).toHaveLength(4);
    await rebuildSuspicions(database, event);
    expect(await rows()).toEqual(found);
    await rebuildUses(database, event);
    expect(await rows()).toEqual(found);
    await database.deleteFrom('suspicion').where('event', '=', event).execute();
    await push(...marksOfA.slice(0, 1));
    await rebuildSuspicions(database, event);
    expect(await rows()).toEqual(found);
  });

  it('are one a ticket, kind and event day, which later marks extend', async () => {
    await push(refused(a, 1, 0, 'expired', 5));
    const [first] = await list();
    await push(refused(b, 1, 600, 'expired', 5));
    const [second, ...others] = await list();
    expect(others).toEqual([]);
    expect(second).toMatchObject({ id: first?.id, count: 10, gates: [a, b] });
    await push(refused(a, 1, 0, 'expired', 5), refused(a, 2, 86_400, 'expired', 5));
    expect((await list()).map(({ day, count }) => [day, count])).toEqual([
      ['2026-09-22', 5],
      ['2026-09-21', 10],
    ]);
  });

  it('go when later marks explain them', async () => {
    await push(admitted(a, 1, 0));
    await push(admitted(b, 1, 7_200));
    expect(await kinds()).toEqual(['double-entry']);
    const lapsed: Mark = {
      ...baseOf({ gate: b, sequence: 2 }),
      event,
      ticketId: ticket.id,
      at: at(7_210),
      kind: 'lapsed',
      of: { boot: admitted(b, 1, 0).boot, sequence: 1 },
      uses: 1,
    };
    await push(admitted(b, 1, 7_200), lapsed);
    expect(await list()).toEqual([]);
  });

  it('follow the rules of the event: what is no double entry any more goes', async () => {
    await push(admitted(a, 1, 0));
    await push(admitted(b, 1, 7_200));
    const policy = { ...someEvent, types: [{ id: 1, name: 'Standing', uses: 2 }] };
    await test.json('PUT', `/api/events/${event}/policy`, policy);
    expect(await list()).toEqual([]);
    await test.json('PUT', `/api/events/${event}/policy`, someEvent);
    expect(await kinds()).toEqual(['double-entry']);
  });

  describe('by clocks that were corrected', () => {
    const corrected = (gate: string, sequence: number, offsetMs: number, seconds: number): Mark => {
      const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ gate, sequence });
      return { ...base, event, at: at(seconds), kind: 'corrected', offsetMs };
    };
    const correctedByAnHour = (gate: string, sequence: number): Mark => corrected(gate, sequence, 3_600_000, 8_000);
    const expectRebuildToAgree = async (): Promise<void> => {
      const found = await rows();
      await rebuildUses(database, event);
      expect(await rows()).toEqual(found);
    };

    it('are none where only the wrong clock made a journey impossible', async () => {
      await push(refused(b, 1, 20), correctedByAnHour(b, 2));
      await push(admitted(a, 1, 0));
      expect(await kinds()).toEqual([]);
      await expectRebuildToAgree();
    });

    it('are found where only the wrong clock made a journey look possible', async () => {
      await push(refused(b, 1, -3_580), correctedByAnHour(b, 2));
      await push(admitted(a, 1, 0));
      expect(await list()).toMatchObject([
        { kind: 'impossible-travel', firstAtMs: at(0).ms, lastAtMs: at(20).ms, gates: [a, b] },
      ]);
      await expectRebuildToAgree();
    });

    it('go, and others come, when the correction arrives late', async () => {
      await push(admitted(a, 1, 0), refused(a, 2, 3_630));
      await push(refused(b, 1, 20));
      expect((await list('kind=impossible-travel')).map(({ lastAtMs }) => lastAtMs)).toEqual([at(20).ms]);
      await push(refused(b, 1, 20), correctedByAnHour(b, 2));
      expect(await list('kind=impossible-travel')).toMatchObject([
        { firstAtMs: at(3_620).ms, lastAtMs: at(3_630).ms, gates: [a, b] },
      ]);
      await expectRebuildToAgree();
    });

    it('move to the event day on which they were', async () => {
      await push(refused(a, 1, 0, 'code-replayed'));
      await push(refused(a, 1, 0, 'code-replayed'), corrected(a, 2, 86_000_000, 400));
      expect((await list()).map(({ day, firstAtMs }) => [day, firstAtMs])).toEqual([['2026-09-22', at(86_000).ms]]);
      await expectRebuildToAgree();
    });

    it('are as before when the correction has to leave the history', async () => {
      const { boot } = refused(b, 1, 0);
      await push(admitted(a, 1, 0));
      await push(refused(b, 1, 20));
      const before = await rows();
      await push(refused(b, 1, 20), correctedByAnHour(b, 2));
      expect(await kinds()).toEqual([]);
      await database.deleteFrom('correction').where('event', '=', event).execute();
      await database.insertInto('correction_pending').values({ event, gate: b, boot, sequence: 0 }).execute();
      await followCorrections(database, test.time.clock, event);
      expect(await rows()).toEqual(before);
    });
  });

  it('come with address and device where the use came by HTTP, until those are erased', async () => {
    await push(refused(a, 1, 0, 'code-replayed'));
    const { boot } = refused(a, 1, 0);
    const mark = markKey({ event, gate: a, boot, sequence: 1 });
    await database.transaction().execute((queries) =>
      test.cloud.audit.record(queries, {
        action: 'refusal',
        actor: anna,
        event,
        ticket: ticket.id,
        mark,
        address: '192.0.2.9',
        device: 'abc',
      }),
    );
    expect((await list())[0]?.sightings).toMatchObject([{ gate: a, address: '192.0.2.9', device: 'abc' }]);
    await database.transaction().execute((queries) => test.cloud.audit.erase(queries, { ticket: ticket.id }, anna));
    expect((await list())[0]?.sightings[0]).not.toHaveProperty('address');
  });

  it('are also found in what only the cloud has refused', async () => {
    const refusal = {
      action: 'refusal',
      actor: anna,
      event,
      ticket: ticket.id,
      reason: 'expired',
      address: '192.0.2.9',
    } as const;
    await database.transaction().execute((queries) =>
      test.cloud.audit.record(
        queries,
        Array.from({ length: 5 }, () => refusal),
      ),
    );
    expect(await list()).toMatchObject([
      {
        kind: 'many-refusals',
        count: 5,
        gates: [],
        sightings: Array.from({ length: 5 }, () => ({ address: '192.0.2.9' })),
      },
    ]);
  });

  it('take a bounded part of very many refusals', async () => {
    const marks = Array.from({ length: 900 }, (_, index) => refused(a, index + 1, index));
    await push(...marks);
    expect(await list()).toMatchObject([{ kind: 'many-refusals', count: 500 }]);
    expect((await list())[0]?.sightings).toHaveLength(20);
    const found = await rows();
    await rebuildSuspicions(database, event);
    expect(await rows()).toEqual(found);
  });
});

describe('a person', () => {
  let found: SuspicionView;
  beforeEach(async () => {
    await push(refused(a, 1, 0, 'code-replayed'));
    found = (await list())[0] as SuspicionView;
  });

  it('says what it came to: who, when and why stay with it and in the audit log', async () => {
    const response = await change(found.id, { state: 'explained', note: 'Brother with the same phone' });
    expect(response.status).toBe(200);
    const explained = suspicionSchema.parse(await response.json());
    expect(explained).toMatchObject({
      state: 'explained',
      note: 'Brother with the same phone',
      changedBy: { kind: 'user' },
    });
    expect(await list('state=open')).toEqual([]);
    expect(await list('state=explained')).toEqual([explained]);
    expect((await change(found.id, { state: 'closed', note: 'done' })).status).toBe(200);
    const log = auditPageSchema.parse(await test.json('GET', `/audits/log?event=${event}&action=suspicion-changed`));
    expect(
      log.entries.map(({ ticket: of, subject, details, note, actor }) => [of, subject, details, note, actor]),
    ).toEqual([
      [ticket.id, found.id, { from: 'explained', to: 'closed' }, 'done', explained.changedBy?.id],
      [ticket.id, found.id, { from: 'open', to: 'explained' }, 'Brother with the same phone', explained.changedBy?.id],
    ]);
  });

  it('cannot take it to where it is, nor from closed to explained', async () => {
    for (const [state, impossible] of [
      ['open', ['open']],
      ['explained', ['explained']],
      ['closed', ['closed', 'explained']],
    ] as const) {
      if (state !== 'open') await change(found.id, { state, note: 'first' });
      for (const next of impossible) {
        const response = await change(found.id, { state: next, note: 'x' });
        expect([response.status, (await response.json()).type]).toEqual([409, 'state-unreachable']);
      }
      expect(await list(`state=${state}`)).toHaveLength(1);
    }
  });

  it('may open it again', async () => {
    for (const state of ['explained', 'open', 'closed', 'open'])
      expect((await change(found.id, { state, note: 'x' })).status).toBe(200);
  });

  it('is one: of two who judge at once the second is told', async () => {
    const statuses = await Promise.all(
      ['explained', 'explained'].map(async (state) => (await change(found.id, { state, note: 'x' })).status),
    );
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 409]);
  });

  it('sees that more has come in since, and the judgement stays', async () => {
    await change(found.id, { state: 'closed', note: 'x' });
    expect((await list())[0]).toMatchObject({ state: 'closed', extended: false });
    await push(refused(b, 1, 300, 'code-replayed'));
    expect((await list())[0]).toMatchObject({ id: found.id, state: 'closed', note: 'x', extended: true, count: 2 });
    await rebuildSuspicions(database, event);
    expect((await list())[0]).toMatchObject({ state: 'closed', note: 'x', extended: true, count: 2 });
  });

  it('keeps what they judged also when its ground is gone', async () => {
    await push(refused(a, 1, 0, 'code-replayed'), admitted(a, 2, 1_000));
    await push(refused(b, 1, 1_010));
    const travel = (await list('kind=impossible-travel'))[0] as SuspicionView;
    await change(travel.id, { state: 'explained', note: 'x' });
    await test.json('PUT', `/api/events/${event}/suspicion-rules`, { travelMinMs: 5_000, refusalsMin: 5 });
    expect(await list('kind=impossible-travel')).toMatchObject([{ holds: false, state: 'explained', note: 'x' }]);
    await test.json('PUT', `/api/events/${event}/suspicion-rules`, { travelMinMs: 60_000, refusalsMin: 5 });
    expect(await list('kind=impossible-travel')).toMatchObject([{ holds: true, state: 'explained', extended: false }]);
  });

  it('says for the event what is suspicious', async () => {
    const path = `/api/events/${event}/suspicion-rules`;
    expect(await test.json('GET', path)).toEqual({ travelMinMs: 60_000, refusalsMin: 5 });
    await test.json('PUT', path, { travelMinMs: 0, refusalsMin: 1 });
    expect(await test.json('GET', path)).toEqual({ travelMinMs: 0, refusalsMin: 1 });
    expect(await kinds()).toEqual(['code-replayed', 'many-refusals']);
    const { entries } = auditPageSchema.parse(
      await test.json('GET', `/audits/log?event=${event}&action=policy-changed`),
    );
    expect(entries).toMatchObject([{ subject: 'suspicion-rules', details: { travelMinMs: 0, refusalsMin: 1 } }]);
  });

  it('pages through the list', async () => {
    await test.json('PUT', `/api/events/${event}/suspicion-rules`, { travelMinMs: 60_000, refusalsMin: 1 });
    const first = suspicionPageSchema.parse(await test.json('GET', `/api/events/${event}/suspicions?limit=1`));
    const rest = suspicionPageSchema.parse(
      await test.json('GET', `/api/events/${event}/suspicions?limit=1&cursor=${first.next ?? ''}`),
    );
    expect([...first.suspicions, ...rest.suspicions]).toEqual(await list());
    expect(rest.next).toBeUndefined();
  });

  it('is answered about every note', async () => {
    for (const [body, status] of [
      [{ state: 'closed', note: ' ' }, 400],
      [{ state: 'closed' }, 400],
      [{ state: 'closed', note: 'a\0b' }, 400],
      [{ state: 'closed', note: '\ud800' }, 400],
      [{ state: 'closed', note: 'x'.repeat(501) }, 400],
      [{ state: 'forgotten', note: 'x' }, 400],
      [{ state: 'explained', note: `<script>'; drop table suspicion; --` }, 200],
      [{ state: 'closed', note: 'one\ntwo' }, 200],
    ] as const)
      expect([body, (await change(found.id, body)).status]).toEqual([body, status]);
  });

  it('is told when there is no such suspicion', async () => {
    const response = await change('0'.repeat(32), { state: 'closed', note: 'x' });
    expect([response.status, (await response.json()).type]).toEqual([404, 'suspicion-unknown']);
  });
});

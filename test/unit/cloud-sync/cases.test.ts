// Goal: a double entry becomes one case, whatever arrives when; a person works it off once, and is asked again only about uses that nobody
// has judged. Both databases, and a projection made anew, say the same.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  auditPageSchema,
  caseListSchema,
  caseViewSchema,
  coverageSchema,
  keyId,
  offlineRiskSchema,
  verifyManifest,
  type CaseList,
  type CaseView,
  type Mark,
  type OfflineRisk,
  type TicketResponse,
} from '@postern/shared';
import { hashProjection, rebuildProjection } from '../../../cloud-sync/src/services/projection.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { openLiveStream } from '../../support/live-stream.ts';
import { aMark, baseOf, eveningMs } from '../../support/marks.ts';
import { askAs, createPerson, typeOf } from '../../support/people.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

let test: TestCloud;
let database: Database;
let event = 0;
let gates: readonly TestGate[];
let [a, b, c] = ['', '', ''];
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
  [a, b, c] = [`gate-a${event}`, `gate-b${event}`, `gate-c${event}`];
  await test.json('POST', '/api/events', { ...someEvent, event });
  ticket = await test.json('POST', '/api/tickets', { event, type: 1 });
  gates = [];
  for (const id of [a, b, c]) gates = [...gates, await enrolTestGate(test, event, id)];
});

const at = (seconds: number): { readonly ms: number; readonly counter: number } => ({
  ms: eveningMs + seconds * 1_000,
  counter: 0,
});
type Admitted = Extract<Mark, { kind: 'admitted' }>;
const admitted = (gate: string, sequence: number, seconds: number, fields: Partial<Admitted> = {}): Mark =>
  aMark({ event, ticketId: ticket.id, gate, sequence, at: at(seconds), ...fields });
/** All that a gate has written, shipped at once or again with more behind it. */
const push = async (marks: readonly Mark[], throughSeconds?: number): Promise<void> => {
  const gate = gates.find(({ id }) => id === marks[0]?.gate);
  const chunk = await gate?.chunk(marks, throughSeconds === undefined ? {} : { throughMs: at(throughSeconds).ms });
  const answer = await gate?.push(chunk === undefined ? [] : [chunk]);
  expect(answer?.refusals).toEqual([]);
};
const list = async (query = ''): Promise<CaseList> =>
  caseListSchema.parse(await test.json('GET', `/api/events/${event}/cases?${query}`));
const only = async (): Promise<CaseView> => {
  const { cases } = await list();
  expect(cases).toHaveLength(1);
  return cases[0] as CaseView;
};
const change = (id: string, body: unknown): Promise<Response> =>
  test.api('PATCH', `/api/events/${event}/cases/${id}`, body);
const twice = async (): Promise<CaseView> => {
  await push([admitted(a, 1, 0)]);
  await push([admitted(b, 1, 600)]);
  return only();
};
/** Nothing that was derived mark by mark differs from what all marks together make. */
const expectRebuildToAgree = async (): Promise<void> => {
  const { before, after } = await rebuildProjection(database, test.time.clock, event);
  expect(after.rowsByTable).toEqual(before.rowsByTable);
  expect(after.hashByTable).toEqual(before.hashByTable);
  expect(after.hash).toBe(before.hash);
};

describe('a case', () => {
  it('tells both gates, times, operators and the likely cause, and what type the ticket is', async () => {
    await push([admitted(a, 1, 0, { operator: 'abcdefgh', approved: 'vip' })]);
    await push([admitted(b, 1, 600, { outOfTouch: true, peersReachable: 0 })]);
    expect(await only()).toMatchObject({
      ticket: ticket.id,
      ticketType: { id: 1, name: 'Standing' },
      fitting: [{ gate: a, operator: 'abcdefgh', atMs: at(0).ms, uncertaintyMs: 100, clockSource: 'server' }],
      misfits: [{ gate: b, outOfTouch: true, peersReachable: 0, correctedByMs: 0 }],
      cause: 'copied-code',
      state: 'open',
      holds: true,
    });
  });

  it('is worked off from open over explained to closed, with who and why, and audited', async () => {
    const { id } = await twice();
    const explained = await change(id, { state: 'explained', reason: 'same-person', note: 'Came back for a coat' });
    expect(caseViewSchema.parse(await explained.json())).toMatchObject({
      state: 'explained',
      reason: 'same-person',
      note: 'Came back for a coat',
      changedBy: { kind: 'user' },
      changedAtMs: test.time.clock.wallMs(),
    });
    expect((await change(id, { state: 'closed', reason: 'same-person' })).status).toBe(200);
    expect(await typeOf(await change(id, { state: 'explained', reason: 'other' }))).toBe('409 state-unreachable');
    expect((await list('state=open')).cases).toEqual([]);
    expect((await list('state=closed')).cases).toMatchObject([{ id }]);
    const { entries } = auditPageSchema.parse(await test.json('GET', `/audits/log?event=${event}&action=case-changed`));
    expect(entries.map(({ details, reason, note }) => [details?.['from'], details?.['to'], reason, note])).toEqual([
      ['explained', 'closed', 'same-person', undefined],
      ['open', 'explained', 'same-person', 'Came back for a coat'],
    ]);
  });

  it('is opened again by a use that nobody has judged, and by no other', async () => {
    const { id } = await twice();
    await change(id, { state: 'closed', reason: 'shared-code' });
    await push([admitted(b, 1, 600)], 900);
    expect(await only()).toMatchObject({ id, state: 'closed', reopened: false });
    await push([admitted(c, 1, 1_200)]);
    expect(await only()).toMatchObject({ id, state: 'open', reopened: true, reason: 'shared-code', misfitCount: 2 });
    await change(id, { state: 'explained', reason: 'other' });
    expect(await only()).toMatchObject({ state: 'explained', reopened: false });
  });

  it('loses its ground to a late lapse: it stays for the person who worked on it, and is gone otherwise', async () => {
    const lapsed: Mark = {
      ...baseOf({ gate: b, sequence: 2 }),
      event,
      ticketId: ticket.id,
      at: at(700),
      kind: 'lapsed',
      of: { boot: baseOf().boot, sequence: 1 },
      uses: 1,
    };
    const { id } = await twice();
    await change(id, { state: 'explained', reason: 'staff-mistake' });
    await push([admitted(b, 1, 600), lapsed]);
    expect(await only()).toMatchObject({ id, holds: false, state: 'explained', misfits: [], misfitCount: 0 });
    await expectRebuildToAgree();
  });

  it('survives that everything derived is made anew, with what a person made of it', async () => {
    const { id } = await twice();
    await change(id, { state: 'explained', reason: 'copied-code', note: 'Screenshot' });
    const before = await only();
    await expectRebuildToAgree();
    expect(await only()).toEqual(before);
    await push([admitted(c, 1, 1_200)]);
    await expectRebuildToAgree();
    expect(await only()).toMatchObject({ state: 'open', reopened: true });
  });

  it('is pushed to who watches, and no longer once it is closed', async () => {
    const { id } = await twice();
    const stream = await openLiveStream(test, event);
    expect((await stream.next()).openCases.map((found) => found.id)).toEqual([id]);
    await change(id, { state: 'closed', reason: 'same-person' });
    expect((await stream.next()).openCases).toEqual([]);
    await stream.cancel();
  });

  it('is found by state, cause, gate, ticket and day, in pages', async () => {
    const { id } = await twice();
    const other = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 });
    await push([admitted(c, 1, 3_600, { ticketId: other.id }), admitted(c, 2, 3_605, { ticketId: other.id })]);
    const ids = async (query: string): Promise<readonly string[]> => (await list(query)).cases.map((found) => found.id);
    const all = await ids('');
    expect(all).toHaveLength(2);
    expect(all[1]).toBe(id);
    expect(await ids('cause=re-scanned')).toEqual([all[0]]);
    expect(await ids(`gate=${b}`)).toEqual([id]);
    expect(await ids(`ticket=${ticket.id}`)).toEqual([id]);
    expect(await ids('day=2026-09-21')).toEqual(all);
    expect(await ids('day=2026-09-22')).toEqual([]);
    const first = await list('limit=1');
    expect(first.cases.map((found) => found.id)).toEqual([all[0]]);
    expect(await ids(`limit=1&cursor=${first.next ?? ''}`)).toEqual([id]);
  });

  it('is read by stewards and judged by supervisors', async () => {
    const { id } = await twice();
    const path = `/api/events/${event}/cases/${id}`;
    const steward = await createPerson(test, 'steward', event);
    const supervisor = await createPerson(test, 'supervisor', event);
    const body = { state: 'explained', reason: 'other' };
    expect((await askAs(test, steward, 'GET', path)).status).toBe(200);
    expect(await typeOf(await askAs(test, steward, 'PATCH', path, body))).toBe('403 role-too-low');
    expect((await askAs(test, supervisor, 'PATCH', path, body)).status).toBe(200);
    expect(await typeOf(await test.api('GET', `/api/events/${event}/cases/${'0'.repeat(32)}`))).toBe(
      '404 case-unknown',
    );
  });

  it('lists a bounded number of a thousand uses, counts them all, and can still be judged', async () => {
    const many = Array.from({ length: 300 }, (_, index) => admitted(a, index + 1, index));
    await push(many);
    const found = await only();
    expect(found).toMatchObject({ misfitCount: 299, cause: 're-scanned' });
    expect(found.misfits).toHaveLength(100);
    await change(found.id, { state: 'closed', reason: 'same-person' });
    await push([admitted(b, 1, 9_000)]);
    expect(await only()).toMatchObject({ state: 'open', reopened: true, misfitCount: 300 });
  });
});

describe('what is not known yet', () => {
  const lost = `lost`;
  const declare = (gate: string, body: unknown = { reason: 'stolen', note: 'From the van' }): Promise<Response> =>
    test.api('PUT', `/api/events/${event}/gates/${gate}/${lost}`, body);

  it('makes a case one that may change, until every gate was heard or declared lost, and that can be taken back', async () => {
    await push([admitted(a, 1, 0)], 900);
    await push([admitted(b, 1, 600)]);
    expect(await only()).toMatchObject({ gatesNotHeard: [c], mayChange: 'May change: 1 gate not heard from' });
    expect((await declare(c)).status).toBe(200);
    expect(await only()).toMatchObject({ gatesNotHeard: [], gatesLost: [c] });
    expect((await only()).mayChange).toBeUndefined();
    const summary = await test.json<{ completeUpToMs?: number }>('GET', `/api/events/${event}/summary`);
    expect(summary.completeUpToMs).toBe(at(600).ms);
    expect((await test.api('DELETE', `/api/events/${event}/gates/${c}/${lost}`)).status).toBe(204);
    expect(await only()).toMatchObject({ gatesNotHeard: [c], gatesLost: [] });
    expect(await typeOf(await test.api('DELETE', `/api/events/${event}/gates/${c}/${lost}`))).toBe(
      '409 state-unreachable',
    );
  });

  it('names a lost gate wherever gates are shown, and leaves a row in the audit log each time', async () => {
    await declare(b);
    const coverage = coverageSchema.parse(await test.json('GET', `/api/events/${event}/coverage`));
    expect(coverage.gates.find(({ gate }) => gate === b)).toMatchObject({
      throughMs: 0,
      lost: { reason: 'stolen', note: 'From the van', by: { kind: 'user' } },
    });
    const { gates: shown } = await test.json<{ gates: { id: string; lost?: object }[] }>(
      'GET',
      `/api/events/${event}/gates`,
    );
    expect(shown.filter((gate) => gate.lost !== undefined).map(({ id }) => id)).toEqual([b]);
    await test.api('DELETE', `/api/events/${event}/gates/${b}/${lost}`);
    const { entries } = auditPageSchema.parse(await test.json('GET', `/audits/log?event=${event}&gate=${b}`));
    expect(entries.map(({ action, reason }) => [action, reason]).slice(0, 2)).toEqual([
      ['gate-found', undefined],
      ['gate-lost', 'stolen'],
    ]);
  });

  it('tells gates with the next feed who is lost, and who is not any more', async () => {
    const lostInFeed = async (): Promise<readonly string[]> => {
      const published = await test.cloud.feed.publish(event);
      if (!published.ok) throw new Error(published.error.type);
      const { publicKey } = (await test.cloud.keys.current()).feed;
      const manifest = verifyManifest(published.value.manifest, [{ keyId: keyId(publicKey), publicKey }]);
      if (!manifest.ok) throw new Error(manifest.error.type);
      return manifest.value.gates.flatMap((gate) => (gate.lost === true ? [gate.id] : []));
    };
    expect(await lostInFeed()).toEqual([]);
    await declare(c);
    expect(await lostInFeed()).toEqual([c]);
    await test.api('DELETE', `/api/events/${event}/gates/${c}/${lost}`);
    expect(await lostInFeed()).toEqual([]);
  });

  it('publishes by itself that a gate is lost', async () => {
    await test.cloud.feed.publish(event);
    const before = await test.cloud.feed.version(event);
    await declare(c);
    await test.time.advance(1_000);
    await expect.poll(() => test.cloud.feed.version(event)).toBeGreaterThan(before);
  });

  it('cannot be said of a gate of another event', async () => {
    expect(await typeOf(await declare('gate-a0'))).toBe('404 gate-unknown');
    await test.json('POST', '/api/events', { ...someEvent, event: 900 + event });
    expect(await typeOf(await test.api('PUT', `/api/events/${900 + event}/gates/${a}/lost`, { reason: 'other' }))).toBe(
      '404 gate-unknown',
    );
  });

  it('shows in the last entries as provisional', async () => {
    await push([admitted(a, 1, 0)], 900);
    await push([admitted(b, 1, 600)]);
    await declare(c);
    const stream = await openLiveStream(test, event);
    const { entries, completeUpToMs } = await stream.next();
    await stream.cancel();
    expect(completeUpToMs).toBe(at(600).ms);
    expect(entries.map(({ provisional }) => provisional)).toEqual([false, false]);
  });
});

describe('a clock correction', () => {
  const corrected = (gate: string, sequence: number, offsetMs: number, seconds: number): Mark => {
    const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ gate, sequence });
    return { ...base, event, at: at(seconds), kind: 'corrected', offsetMs };
  };

  it('re-sorts what its gate has told before, and the case follows', async () => {
    const clock = { source: 'none', uncertaintyMs: 1_000_000 } as const;
    await push([admitted(a, 1, 0, { clock })]);
    await push([admitted(b, 1, 300)]);
    expect((await only()).fitting.map(({ gate }) => gate)).toEqual([a]);
    await push([admitted(a, 1, 0, { clock }), corrected(a, 2, 600_000, 700)]);
    expect(await only()).toMatchObject({
      cause: 'clock',
      fitting: [{ gate: b }],
      misfits: [{ gate: a, atMs: at(600).ms, correctedByMs: 600_000 }],
    });
    expect(await database.selectFrom('correction_pending').selectAll().execute()).toEqual([]);
    await expectRebuildToAgree();
  });

  it('can take a case to another day, or away', async () => {
    await push([admitted(a, 1, 0)]);
    await push([admitted(b, 1, 300)]);
    const { id } = await only();
    await push([admitted(b, 1, 300), corrected(b, 2, 86_000_000, 400)]);
    const moved = await only();
    expect(moved.id).not.toBe(id);
    expect(moved.day).toBe('2026-09-22');
    const { suspicions } = await test.json<{ suspicions: { day: string; holds: boolean }[] }>(
      'GET',
      `/api/events/${event}/suspicions?kind=double-entry`,
    );
    expect(suspicions.map(({ day, holds }) => [day, holds])).toEqual([['2026-09-22', true]]);
  });

  it('gives the same projection whatever came first', async () => {
    const clock = { source: 'person', uncertaintyMs: 60_000 } as const;
    const own = [admitted(a, 1, 0, { clock }), corrected(a, 2, 600_000, 700), admitted(a, 3, 2_000)];
    await push(own.slice(0, 1));
    await push([admitted(b, 1, 300)]);
    await push(own);
    const live = await hashProjection(database, event);
    expect(live.rowsByTable).toMatchObject({ entry: 3, correction: 1, case: 1 });
    await expectRebuildToAgree();
  });
});

describe('a gate that was revoked', () => {
  it('is not waited for, and what is derived is what the marks make that are left', async () => {
    await push([admitted(a, 1, 0)], 900);
    await push([admitted(b, 1, 600)], 900);
    expect(await only()).toMatchObject({ gatesNotHeard: [c] });
    await test.json('POST', `/admin/events/${event}/gates/${c}/revoke`, { reason: 'stolen' }, 200);
    expect(await only()).toMatchObject({ gatesNotHeard: [] });
    await expectRebuildToAgree();
  });
});

describe('the offline risk', () => {
  it('counts per gate what was decided out of touch, by how old a list and how sure a clock', async () => {
    const alone = { outOfTouch: true, peersReachable: 0 } as const;
    const others = await Promise.all(
      [1, 2, 3].map(() => test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 })),
    );
    const [second, third, fourth] = others.map(({ id }) => id) as [string, string, string];
    await push([
      admitted(a, 1, 0, { ...alone, feedAgeS: 90 }),
      admitted(a, 2, 60, {
        ticketId: second,
        outOfTouch: true,
        peersReachable: 2,
        feedAgeS: 7_200,
        clock: { source: 'rtc', uncertaintyMs: 4_000 },
      }),
      admitted(a, 3, 120, { ticketId: third }),
    ]);
    await push([admitted(b, 1, 30, { ticketId: fourth })]);
    const risk: OfflineRisk = offlineRiskSchema.parse(await test.json('GET', `/api/events/${event}/offline-risk`));
    const outOfTouch = { entries: 2, persons: 2, alone: 1, uncertaintyMsMax: 4_000, feedAgeSMax: 7_200 };
    expect(risk).toMatchObject({ entries: 4, outOfTouch });
    expect(risk.gates).toMatchObject([
      { gate: a, name: expect.any(String), entries: 3, outOfTouch, throughMs: at(120).ms },
      { gate: b, entries: 1, outOfTouch: { entries: 0, alone: 0, uncertaintyMsMax: 0 } },
      { gate: c, entries: 0, throughMs: 0 },
    ]);
  });
});

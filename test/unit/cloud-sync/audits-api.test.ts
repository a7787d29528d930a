// Goal: who answers for an event finds what was done and used there by every filter, page by page and as CSV, and nobody finds more.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  auditPageSchema,
  markKey,
  usagePageSchema,
  type ApiKeyCreated,
  type AuditPage,
  type Mark,
  type TicketResponse,
  type UsageEntry,
  type UsagePage,
} from '@postern/shared';
import { csvCell } from '../../../cloud-sync/src/services/csv.ts';
import { makeMissingUses, rebuildUses } from '../../../cloud-sync/src/services/uses.ts';
import type { AuditRecord } from '../../../cloud-sync/src/services/audit.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { anna } from '../../support/audit.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { aMark, baseOf, eveningMs } from '../../support/marks.ts';
import { askAs, createPerson, type TestPerson } from '../../support/people.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

const event = 7;
let test: TestCloud;
/** The same database, as another process sees it. */
let database: Database;
let ticket: TicketResponse;
let organiser: TestPerson;

const record = (...entries: readonly AuditRecord[]): Promise<void> =>
  database.transaction().execute((queries) => test.cloud.audit.record(queries, entries));
const usage = async (query = ''): Promise<UsagePage> =>
  usagePageSchema.parse(await test.json('GET', `/audits/usage?${query}`));
/** Since what the test itself has recorded: making events, tickets and gates left entries too. */
let recordedAtMs = 0;
const log = async (query = ''): Promise<AuditPage> =>
  auditPageSchema.parse(
    await test.json('GET', `/audits/log?${query.includes('from=') ? '' : `from=${recordedAtMs}&`}${query}`),
  );
const usedAt = (entries: readonly UsageEntry[]): readonly string[] =>
  entries.map((entry) => (entry.gate === '' ? `${entry.kind} cloud` : `${entry.kind} ${entry.gate} ${entry.sequence}`));

beforeAll(async () => {
  test = await createTestCloud();
  database = openCloudDatabase(test.databaseUrl);
  for (const number of [event, 8]) await test.json('POST', '/api/events', { ...someEvent, event: number });
  ticket = await test.json('POST', '/api/tickets', { event, type: 1 });
  organiser = await createPerson(test, 'organiser', event);
  const [gateA, gateB] = [await enrolTestGate(test, event, 'gate-a'), await enrolTestGate(test, event, 'gate-b')];
  const foreign = await enrolTestGate(test, 8, 'gate-x');
  const of = { event, ticketId: ticket.id } as const;
  const marksOfA: readonly Mark[] = [
    aMark({ ...of, gate: 'gate-a', sequence: 1 }),
    { ...baseOf({ gate: 'gate-a', sequence: 2 }), event, ticketId: '', kind: 'refused', code: 'malformed', count: 9 },
    {
      ...baseOf({ gate: 'gate-a', sequence: 3 }),
      ...of,
      kind: 'overridden',
      reason: 'lost-code',
      zone: 'arena',
      uses: 1,
      operator: 'abcdefgh',
      method: 'code',
    },
  ];
  await gateA.push([await gateA.chunk(marksOfA)]);
  await gateB.push([
    await gateB.chunk([
      {
        ...baseOf({ gate: 'gate-b', sequence: 1 }),
        ...of,
        kind: 'refused',
        code: 'already-used',
        count: 1,
        at: { ms: eveningMs + 60_000, counter: 0 },
      },
      { ...baseOf({ gate: 'gate-b', sequence: 2 }), event, kind: 'recounted', zone: 'arena', persons: 3 },
    ]),
  ]);
  await foreign.push([await foreign.chunk([aMark({ event: 8, gate: 'gate-x' })])], 8);
  await test.time.advance(1_000);
  recordedAtMs = test.time.clock.wallMs();
  await record(
    {
      action: 'verify',
      actor: { kind: 'client', id: 'shop', name: 'Shop' },
      event,
      ticket: ticket.id,
      method: 'qr',
      address: '192.0.2.1',
      device: 'scanner-9',
    },
    {
      action: 'refusal',
      actor: anna,
      event,
      ticket: ticket.id,
      method: 'code',
      reason: 'expired',
      mark: markKey({ event, gate: 'gate-b', boot: marksOfA[0]?.boot ?? '', sequence: 1 }),
      address: '192.0.2.2',
    },
    { action: 'sign-in', actor: anna, address: '192.0.2.2', requestId: 'r-1' },
    {
      action: 'toggle',
      actor: anna,
      event: 8,
      method: 'qr',
      details: { on: false },
      note: '=HYPERLINK("http://evil")',
    },
  );
});
afterAll(async () => {
  await database.destroy();
  await test.close();
});

describe('the history of uses', () => {
  it('joins what gates saw and what the cloud verified, the latest first', async () => {
    const { entries, next } = await usage(`event=${event}`);
    expect(usedAt(entries)).toEqual([
      'overridden gate-a 3',
      'recounted gate-b 2',
      'refused gate-a 2',
      'refused gate-b 1',
      'admitted gate-a 1',
      'verified cloud',
    ]);
    expect(next).toBeUndefined();
    expect(entries[2]).toMatchObject({ reason: 'malformed', count: 9, lane: 'lane-1', method: 'qr' });
    expect(entries[2]?.ticket).toBeUndefined();
  });

  it('tells address and device of what came by HTTP', async () => {
    const { entries } = await usage(`event=${event}`);
    expect(entries.find(({ kind }) => kind === 'verified')).toMatchObject({
      person: 'shop',
      address: '192.0.2.1',
      device: 'scanner-9',
    });
    expect(entries.find(({ gate, sequence }) => gate === 'gate-b' && sequence === 1)).toMatchObject({
      address: '192.0.2.2',
    });
    expect(entries.find(({ kind }) => kind === 'admitted')).not.toHaveProperty('address');
  });

  it.each([
    ['gate=gate-b', ['recounted gate-b 2', 'refused gate-b 1']],
    ['method=code', ['overridden gate-a 3']],
    ['ticket=TICKET', ['overridden gate-a 3', 'refused gate-b 1', 'admitted gate-a 1', 'verified cloud']],
    ['person=abcdefgh', ['overridden gate-a 3']],
    ['person=shop', ['verified cloud']],
    ['reason=already-used', ['refused gate-b 1']],
    ['reason=lost-code', ['overridden gate-a 3']],
    ['kind=admitted', ['admitted gate-a 1']],
    [`from=${eveningMs + 120_000}&to=${eveningMs + 180_000}`, ['recounted gate-b 2', 'refused gate-a 2']],
    [`from=${new Date(eveningMs + 180_000).toISOString()}`, ['overridden gate-a 3']],
    ['from=2026-09-21T21:03:00%2B02:00', ['overridden gate-a 3']],
    ['gate=gate-a&reason=already-used', []],
  ])('filters by %s', async (query, expected) => {
    const { entries } = await usage(`event=${event}&${query.replace('TICKET', ticket.id)}`);
    expect(usedAt(entries)).toEqual(expected);
  });

  it('pages over equal times without losing or repeating any, whatever the size of the page', async () => {
    const whole = usedAt((await usage(`event=${event}`)).entries);
    for (const limit of [1, 2, 5]) {
      const paged: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const page: UsagePage = await usage(`event=${event}&limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`);
        expect(page.entries.length).toBeLessThanOrEqual(limit);
        paged.push(...usedAt(page.entries));
        cursor = page.next;
      }
      expect(paged).toEqual(whole);
    }
  });

  it('is the same when it is made anew from marks and audit log', async () => {
    const rows = (): Promise<unknown[]> =>
      database.selectFrom('usage').selectAll().orderBy('gate').orderBy('boot').orderBy('sequence').execute();
    const before = await rows();
    expect(await rebuildUses(database, event)).toBe(6);
    expect(await rows()).toEqual(before);
    // As of a database that is older than the table.
    await database.deleteFrom('usage').execute();
    await makeMissingUses(database);
    expect(await rows()).toEqual(before);
  });
});

describe('the audit log', () => {
  it('tells who did what, with what is personal beside it', async () => {
    const { entries } = await log();
    expect(entries.map(({ action }) => action)).toEqual(['toggle', 'sign-in', 'refusal', 'verify']);
    expect(entries[1]).toMatchObject({
      event: 0,
      actor: 'u-anna',
      name: 'Anna Example',
      address: '192.0.2.2',
      request: 'r-1',
    });
    expect(entries[0]).toMatchObject({ event: 8, details: { on: false } });
  });

  it.each([
    [`event=${event}`, ['refusal', 'verify']],
    ['action=sign-in', ['sign-in']],
    ['person=shop', ['verify']],
    ['reason=expired', ['refusal']],
    ['method=qr', ['toggle', 'verify']],
    ['ticket=TICKET', ['refusal', 'verify']],
    ['gate=gate-b', []],
    ['to=1', []],
  ])('filters by %s', async (query, expected) => {
    const { entries } = await log(query.replace('TICKET', ticket.id));
    expect(entries.map(({ action }) => action)).toEqual(expected);
  });

  it('pages in a stable order', async () => {
    const paged: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: AuditPage = await log(`limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.entries.map(({ hash }) => hash));
      cursor = page.next;
    }
    expect(paged).toEqual((await log()).entries.map(({ hash }) => hash));
  });

  it('says of an erased field that it was erased, and nothing else', async () => {
    await record({ action: 'sign-in', actor: { kind: 'user', id: 'u-gone', name: 'Gone' }, address: '192.0.2.99' });
    await database
      .transaction()
      .execute((queries) => test.cloud.audit.erase(queries, { actor: { kind: 'user', id: 'u-gone' } }, anna));
    const { entries } = await log('person=u-gone');
    expect(entries[0]).toMatchObject({ actor: 'u-gone', erased: ['address', 'name'] });
    expect(JSON.stringify(entries)).not.toMatch(/Gone|192\.0\.2\.99/);
  });
});

describe('CSV', () => {
  it('has one line an entry and the same order', async () => {
    const response = await test.api('GET', `/audits/usage?event=${event}&format=csv`);
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    const lines = (await response.text()).split('\r\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^at,event,gate,lane,kind,ticket,/);
    expect(lines[1]).toMatch(/^2026-09-21T19:03:00\.000Z,7,gate-a,lane-1,overridden,/);
    expect(lines.at(-1)).toBe('');
  });

  it('runs over many pages, from the cursor on and up to a limit', async () => {
    await record(
      ...Array.from({ length: 2_500 }, (): AuditRecord => ({ action: 'generate', actor: anna, event, method: 'qr' })),
    );
    const path = '/audits/log?action=generate';
    const count = async (query: string): Promise<number> =>
      (await (await test.api('GET', `${path}&format=csv${query}`)).text()).split('\r\n').length - 2;
    expect(await count('')).toBe(2_500);
    expect(await count('&limit=7')).toBe(7);
    const { next } = await test.json<AuditPage>('GET', `${path}&limit=1000`);
    expect(await count(`&cursor=${next ?? ''}`)).toBe(1_500);
  });

  it('cannot make a spreadsheet run anything', async () => {
    const text = await (await test.api('GET', '/audits/log?format=csv&action=toggle')).text();
    expect(text).toContain(`"'=HYPERLINK(""http://evil"")"`);
    for (const start of ['=', '+', '-', '@', '\t', '\r']) expect(csvCell(`${start}1`).replace(/^"/, '')).toMatch(/^'/);
    expect(csvCell('a,b')).toBe('"a,b"');
    expect(csvCell('two\nlines')).toBe('"two\nlines"');
    expect([csvCell(''), csvCell(undefined), csvCell(5), csvCell('plain')]).toEqual(['', '', '5', 'plain']);
  });
});

describe('an organiser', () => {
  const ask = async (path: string): Promise<readonly [number, unknown]> => {
    const response = await askAs(test, organiser, 'GET', path);
    return [response.status, await response.json()];
  };

  it('sees their own events, asked for or not, and nothing that concerns none', async () => {
    const [, used] = await ask('/audits/usage');
    expect(new Set(usagePageSchema.parse(used).entries.map((entry) => entry.event))).toEqual(new Set([event]));
    const [, done] = await ask('/audits/log');
    expect(new Set(auditPageSchema.parse(done).entries.map((entry) => entry.event))).toEqual(new Set([event]));
  });

  it.each(['usage', 'log'])('is told of another event in %s what is told of one that does not exist', async (list) => {
    const [foreign, missing] = [await ask(`/audits/${list}?event=8`), await ask(`/audits/${list}?event=4711`)];
    expect(foreign[0]).toBe(404);
    expect(foreign).toEqual(missing);
  });
});

describe('a program', () => {
  const seenFor = async (events?: readonly number[]): Promise<readonly number[]> => {
    const { key } = await test.json<ApiKeyCreated>('POST', '/admin/api-keys', {
      name: 'Till',
      scopes: ['audits:read'],
      ...(events === undefined ? {} : { events }),
    });
    const counts: number[] = [];
    for (const query of [`event=${event}&action=verify`, 'action=toggle', 'action=sign-in']) {
      const answer = await (await askAs(test, { token: key }, 'GET', `/audits/log?${query}`)).json();
      counts.push('status' in answer ? answer.status : auditPageSchema.parse(answer).entries.length);
    }
    return counts;
  };

  it('sees the events that it is for, and what concerns none only if it is for all', async () => {
    expect(await seenFor([8])).toEqual([404, 1, 0]);
    expect(await seenFor([event])).toEqual([1, 0, 0]);
    expect(await seenFor()).toEqual([1, 1, 2]);
  });
});

describe('a query', () => {
  it.each([
    'event=0x1',
    'event=99999999999',
    'event=7&event=8',
    'gate=a%20b',
    'gate=',
    'ticket=zz',
    'limit=0',
    'limit=1001',
    'limit=-1',
    'from=yesterday',
    'from=99999999999999999',
    'from=2026-09-21T19:00:00',
    'format=xml',
    'cursor=*',
    'surplus=1',
    'person=%00',
    'reason=%F0%9F%98%80',
  ])('is refused: %s', async (query) => {
    for (const list of ['usage', 'log']) {
      const response = await test.api('GET', `/audits/${list}?${query}`);
      expect([response.status, (await response.json()).type]).toEqual([400, 'request-invalid']);
    }
  });
});

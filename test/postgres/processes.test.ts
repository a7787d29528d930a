// Goal: whatever two cloud processes on one PostgreSQL do at the same time, it comes out as if one had done it after the other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  bytesToHex,
  enrolResponseSchema,
  trustedFeedKeys,
  verifyManifest,
  type BandList,
  type BindingConflictList,
  type CaseView,
  type GateResponse,
  type KeyView,
  type Mark,
  type SignedChunk,
  type Summary,
  type TicketHistory,
  type TicketResponse,
} from '@postern/shared';
import {
  accessCloud,
  createIdentity,
  createTestCloud,
  enrolTestGate,
  postJson,
  someEvent,
  type TestCloud,
  type TestGate,
} from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { aMark, bootOfTests, eveningMs } from '../support/marks.ts';
import { describeOrReport } from '../support/not-run.ts';
import { simulatedTicket } from '../../scripts/sim/gate-marks.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';

const masterKey = '11'.repeat(32);
let folder: string;
let url: string;
let clouds: readonly TestCloud[];

const statuses = async (answers: readonly Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b);
const cloud = (index: number): TestCloud => {
  const found = clouds[index % clouds.length];
  if (found === undefined) throw new Error('there are clouds');
  return found;
};

describeOrReport('two processes on one PostgreSQL', missingPostgres(), () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-processes-'));
    ({ url } = await createTestDatabase(folder, { kind: 'postgres', isEmpty: true }));
    // Both find an empty database.
    const opened = await Promise.all(
      [1, 2].map((seed) =>
        createTestCloud({ folder: mkdtempSync(join(folder, 'data-')), databaseUrl: url, masterKey, seed }),
      ),
    );
    const token = (await opened[0]?.cloud.users.resetAdministrator()) ?? '';
    clouds = opened.map((one) => ({ ...one, ...accessCloud(one.request, token) }));
  });
  afterEach(async () => {
    await Promise.all(clouds.map((one) => one.close()));
    rmSync(folder, { recursive: true });
  });

  it('make their keys, their authority and their administrator once', async () => {
    await withDatabase(url, async (database) => {
      const keys = await database.selectFrom('key').select(['purpose', 'certificate']).execute();
      expect(keys.map((key) => key.purpose).toSorted()).toEqual([
        'authority',
        'central',
        'feed',
        'feed',
        'issuer',
        'issuer',
        'server',
        'token',
        'token',
        'web-authority',
      ]);
      expect(await database.selectFrom('user').select('name').execute()).toEqual([{ name: 'administrator' }]);
    });
    await cloud(0).json('POST', '/api/events', someEvent);
    const [a, b] = [await enrolTestGate(cloud(0), 1, 'gate-a'), await enrolTestGate(cloud(1), 1, 'gate-b')];
    expect(a.enrolment.ca).toBe(b.enrolment.ca);
    expect(a.enrolment.feedKeys).toEqual(b.enrolment.feedKeys);
  });

  it('rotate a key once', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const { keys } = await cloud(0).json<{ keys: KeyView[] }>('GET', '/admin/keys');
    const active = keys.find((key) => key.purpose === 'issuer' && key.state === 'active')?.keyId;
    const answers = Array.from({ length: 8 }, (_, index) =>
      cloud(index).api('POST', '/admin/keys/rotate', { purpose: 'issuer', active, force: true }),
    );
    expect(await statuses(answers)).toEqual([200, ...Array<number>(7).fill(409)]);
    const after = await cloud(1).json<{ keys: KeyView[] }>('GET', '/admin/keys');
    const states = after.keys.filter((key) => key.purpose === 'issuer').map((key) => key.state);
    expect(states).toEqual(['retired', 'active', 'next']);
  });

  it('give every event a number of its own', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) => cloud(index).json<{ event: number }>('POST', '/api/events', someEvent)),
    );
    expect(made.map(({ event }) => event).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, n) => n + 1),
    );
  });

  it('take an enrolment code once', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    for (let round = 0; round < 3; round++) {
      const { code } = await cloud(0).json<GateResponse>('POST', '/admin/events/1/gates', {
        id: `gate-${round}`,
        name: 'Gate',
        zone: 'arena',
        lanes: [{ id: 'lane-1' }],
      });
      const identities = await Promise.all([0, 1, 2, 3].map(() => createIdentity(`gate-${round}`)));
      const answers = identities.map(({ csr, keys }, index) =>
        postJson(cloud(index), '/enrol', { code, csr, publicKey: bytesToHex(keys.publicKey), nonce: '00'.repeat(16) }),
      );
      expect(await statuses(answers)).toEqual([200, 403, 403, 403]);
    }
  });

  it('make one gate of two events with one key, and one ticket of a foreign code', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    await cloud(0).json('POST', '/api/events', someEvent);
    const gate = { id: 'gate-a', name: 'Gate', zone: 'arena', lanes: [{ id: 'lane-1' }] };
    const invitations = await Promise.all(
      [1, 2].map((event) => cloud(event).json<GateResponse>('POST', `/admin/events/${event}/gates`, gate)),
    );
    // Whichever came second has made the first code void.
    const { csr, keys } = await createIdentity('gate-a');
    const enrolled = invitations.map(({ code }, index) =>
      postJson(cloud(index), '/enrol', { code, csr, publicKey: bytesToHex(keys.publicKey), nonce: '00'.repeat(16) }),
    );
    expect(await statuses(enrolled)).toEqual([200, 403]);
    const [answer] = (await Promise.all(enrolled)).filter(({ ok: isGood }) => isGood);
    const { event, also } = enrolResponseSchema.parse(await answer?.json());
    expect(new Set([event.id, ...also.map(({ id }) => id)])).toEqual(new Set([1, 2]));
    const issued = [0, 1, 2, 3].map((index) =>
      cloud(index).api('POST', '/api/tickets', { event: 1, type: 1, code: 'PRINTED-BY-OTHERS' }),
    );
    expect(await statuses(issued)).toEqual([201, 409, 409, 409]);
  });

  it('publish every version once, and serve the files of one another', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const published = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const of = cloud(index);
        await of.json('POST', '/api/tickets', { event: 1, type: 1 });
        return (await of.cloud.feed.publish(1, { snapshot: index % 4 === 0 })) as {
          ok: true;
          value: { version: number };
        };
      }),
    );
    expect(published.every(({ ok }) => ok)).toBe(true);
    await withDatabase(url, async (database) => {
      const rows = await database.selectFrom('feed').select('version').orderBy('version').execute();
      expect(rows.map((row) => row.version)).toEqual(Array.from(rows, (_, index) => index + 1));
    });
    const gate = await enrolTestGate(cloud(0), 1, 'gate-a');
    await cloud(0).json('POST', '/admin/events/1/publish');
    gate.turnTo(cloud(1));
    const response = await gate.request('GET', '/feed/1/manifest');
    const manifest = verifyManifest(
      new Uint8Array(await response.arrayBuffer()),
      trustedFeedKeys({ keys: gate.enrolment.feedKeys }),
    );
    if (!manifest.ok) throw new Error(manifest.error.type);
    for (const { sha256, bytes } of [manifest.value.snapshot, ...manifest.value.deltas])
      for (const index of [0, 1]) {
        gate.turnTo(cloud(index));
        const file = await gate.request('GET', `/feed/files/${sha256}`);
        expect([file.status, (await file.arrayBuffer()).byteLength]).toEqual([200, bytes]);
      }
  });

  it('go on when the database has cut all of their connections, also within a transaction', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const { rows } = await withDatabase(url, (queries) =>
      sql<{ name: string }>`select current_database() as name`.execute(queries),
    );
    const connections = sql.table('pg_stat_activity');
    const ours = sql`datname = ${rows[0]?.name}`;
    await withDatabase(url.replace(/[^/]*$/, 'postgres'), async (other) => {
      const cut = (): Promise<unknown> =>
        sql`select pg_terminate_backend(pid) from ${connections} where ${ours}`.execute(other);
      const unfinished = withDatabase(url, (database) =>
        database.transaction().execute(async (queries) => {
          await queries.updateTable('event').set({ policy: 'spoiled' }).execute();
          const { rows: own } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(queries);
          await cut();
          // The news of the end arrives while nothing is asked of this connection.
          await vi.waitFor(async () =>
            expect((await sql`select 1 from ${connections} where pid = ${own[0]?.pid}`.execute(other)).rows).toEqual(
              [],
            ),
          );
          await queries.updateTable('event').set({ policy: 'spoiled' }).execute();
        }),
      );
      // Which of these depends on whether the database's last words arrive before its end does.
      await expect(unfinished).rejects.toThrow(/terminat|not queryable|ECONNRESET/i);
      await cut();
    });
    for (const one of clouds) {
      await vi.waitFor(async () => expect((await one.request('/healthz')).status).toBe(200));
      expect(await one.json('GET', '/api/events')).toMatchObject({ events: [{ event: 1 }] });
    }
  });

  it('accept a gate’s request with a nonce that the other has given', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const gate = await enrolTestGate(cloud(0), 1, 'gate-a');
    const heard: number[] = [];
    const { request } = cloud(1);
    gate.turnTo({
      ...cloud(1),
      request: async (...about) => {
        const answer = await request(...about);
        heard.push(answer.status);
        return answer;
      },
    });
    await gate.request('GET', '/feed/1/manifest');
    expect(heard).toEqual([404]);
  });

  const admitted = (gate: string, ticketId: string, sequence = 1, atMs = eveningMs): Mark =>
    aMark({ event: 1, gate, ticketId, sequence, at: { ms: atMs + sequence, counter: 0 } });
  const push = async (gate: TestGate, to: TestCloud, chunk: SignedChunk): Promise<readonly unknown[]> => {
    gate.turnTo(to);
    return (await gate.push([chunk], 1)).refusals;
  };

  it('tell one story of a ticket whose marks arrive at both', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const tickets = await Promise.all(
      [0, 1, 2].map((index) => cloud(index).json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 })),
    );
    const gates = await Promise.all(
      Array.from({ length: 8 }, (_, index) => enrolTestGate(cloud(index), 1, `gate-${index}`)),
    );
    // Every gate admits every ticket, in another order.
    const refusals = await Promise.all(
      gates.map(async (gate, index) => {
        const order = index % 2 === 0 ? tickets : tickets.toReversed();
        const marks = order.map((ticket, at) => admitted(gate.id, ticket.id, at + 1, eveningMs + index * 60_000));
        return push(gate, cloud(index), await gate.chunk(marks));
      }),
    );
    expect(refusals.flat()).toEqual([]);
    const [ofA, ofB] = [
      await cloud(0).json<Summary>('GET', '/api/events/1/summary'),
      await cloud(1).json<Summary>('GET', '/api/events/1/summary'),
    ];
    expect(ofA).toMatchObject({ admitted: 24, marks: 24, cases: 3 });
    expect(ofB).toEqual(ofA);
    const { cases } = await cloud(1).json<{ cases: CaseView[] }>('GET', '/api/events/1/cases');
    for (const found of cases) expect([found.fitting.length, found.misfits.length]).toEqual([1, 7]);
    const history = await cloud(0).json<TicketHistory>('GET', `/api/tickets/${tickets[0]?.id}/history`);
    expect([history.usesSpent, history.marks.length]).toEqual([8, 8]);
  });

  it('judge every mark by the rules that came last', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const gates = await Promise.all(
      Array.from({ length: 6 }, (_, index) => enrolTestGate(cloud(index), 1, `gate-${index}`)),
    );
    const tickets = await Promise.all(
      Array.from({ length: 6 }, () => cloud(0).json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 })),
    );
    const twice = { ...someEvent, types: [{ id: 1, name: 'Standing', uses: 2 }] };
    const pushing = gates.map(async (gate, index) => {
      // Each ticket enters at two gates.
      const ids = [tickets[index]?.id ?? '', tickets[(index + 1) % 6]?.id ?? ''];
      const marks = ids.map((id, at) => admitted(gate.id, id, at + 1, eveningMs + index * 60_000));
      return push(gate, cloud(index), await gate.chunk(marks));
    });
    await Promise.all([...pushing, cloud(1).json('PUT', '/api/events/1/policy', twice)]);
    expect(await cloud(0).json('GET', '/api/events/1/summary')).toMatchObject({ admitted: 12, marks: 12, cases: 0 });
  });

  it('count a segment once that both are given at once, also in pieces', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const ticket = await cloud(0).json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const gate = await enrolTestGate(cloud(0), 1, 'gate-a');
    const other = await enrolTestGate(cloud(0), 1, 'gate-b');
    const marks = Array.from({ length: 40 }, (_, index) => admitted('gate-a', ticket.id, index + 1));
    const chunks = await Promise.all([10, 20, 30, 40].map((count) => gate.chunk(marks.slice(0, count))));
    // As two peers deliver what they have learned from the gate.
    const answers = await Promise.all(
      chunks.flatMap((chunk) => [push(gate, cloud(0), chunk), push(other, cloud(1), chunk)]),
    );
    expect(answers.flat()).toEqual([]);
    expect(await cloud(1).json('GET', '/api/events/1/summary')).toMatchObject({ marks: 40, admitted: 40 });
  });

  it('keep one of two histories of one writer, and the other aside as evidence', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const gate = await enrolTestGate(cloud(0), 1, 'gate-a');
    const other = await enrolTestGate(cloud(0), 1, 'gate-b');
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    const [ofFirst, ofSecond] = [
      await gate.chunk([admitted('gate-a', first)]),
      await gate.chunk([admitted('gate-a', second)]),
    ];
    const answers = await Promise.all([push(gate, cloud(0), ofFirst), push(other, cloud(1), ofSecond)]);
    expect(answers.flat()).toHaveLength(1);
    await withDatabase(url, async (database) => {
      const stored = await database.selectFrom('mark').select(['boot', 'ticket']).execute();
      const stories = await database.selectFrom('story').select('ticket').execute();
      const aside = await database.selectFrom('quarantine').select('gate').execute();
      expect(stored).toEqual([{ boot: bootOfTests, ticket: expect.stringMatching(/^(a{32}|b{32})$/) }]);
      expect(stories).toEqual([{ ticket: stored[0]?.ticket }]);
      expect(aside).toEqual([{ gate: 'gate-a' }]);
    });
  });

  it('give a band to one ticket, and a ticket one band, whichever of them is asked', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const tickets = await Promise.all(
      Array.from({ length: 8 }, () => cloud(0).json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 })),
    );
    const generate = (index: number, ticket: string, uid: string): Promise<Response> =>
      cloud(index).api('POST', `/api/tickets/${ticket}/methods/ble/generate`, { uid });
    const bandsOf = async (ticket: string): Promise<number> =>
      (await cloud(1).json<BandList>('GET', `/api/tickets/${ticket}/bands`)).bands.length;
    // Each ticket from the other process than the one before.
    expect(await statuses(tickets.map(({ id }, index) => generate(index, id, 'b0a1')))).toEqual([
      201,
      ...Array<number>(7).fill(409),
    ]);
    const bound = await Promise.all(tickets.map(({ id }) => bandsOf(id)));
    expect(bound.reduce((sum, count) => sum + count, 0)).toBe(1);
    const without = tickets.find((_ticket, index) => bound[index] === 0);
    expect(
      await statuses([0, 1, 2, 3, 4, 5].map((index) => generate(index, without?.id ?? '', `b0b${index}`))),
    ).toEqual([201, ...Array<number>(5).fill(409)]);
    expect(await bandsOf(without?.id ?? '')).toBe(1);
    const { conflicts } = await cloud(1).json<BindingConflictList>('GET', '/api/events/1/binding-conflicts');
    expect(conflicts).toEqual([]);
  });

  it('keep of a gate that one revokes while the other takes its marks in exactly what is accepted of it', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const other = await enrolTestGate(cloud(0), 1, 'gate-z');
    const waiting = { timeout: 30_000, interval: 5 };
    for (const turn of [0, 1, 2, 3]) {
      const gate = await enrolTestGate(cloud(0), 1, `gate-${turn}`);
      // More than one transaction holds.
      const marks = Array.from({ length: 500 }, (_, index) => admitted(gate.id, simulatedTicket(index), index + 1));
      const chunks = await Promise.all([100, 500].map((count) => gate.chunk(marks.slice(0, count))));
      const arriving = (async () => {
        for (const chunk of chunks) await push(other, cloud(0), chunk);
      })();
      await withDatabase(url, (database) =>
        vi.waitFor(async () => {
          const stored = await database.selectFrom('mark').select('sequence').where('gate', '=', gate.id).execute();
          expect(stored.length).toBeGreaterThanOrEqual(turn * 110);
        }, waiting),
      );
      const revoke = { reason: 'stolen' };
      const { marks: accepted } = await cloud(1).json<{ marks: number }>(
        'POST',
        `/admin/events/1/gates/${gate.id}/revoke`,
        revoke,
        200,
      );
      await arriving;
      await withDatabase(url, async (database) => {
        const count = async (table: 'mark' | 'entry'): Promise<number> =>
          (await database.selectFrom(table).select('sequence').where('gate', '=', gate.id).execute()).length;
        expect([await count('mark'), await count('entry')]).toEqual([accepted, accepted]);
        const heads = await database.selectFrom('accepted_head').select('count').where('gate', '=', gate.id).execute();
        const states = await database.selectFrom('segment').select('count').where('gate', '=', gate.id).execute();
        expect(states).toEqual(heads);
      });
    }
  });
});

// Goal: two cloud processes on one PostgreSQL are one cloud: they take marks, serve feeds and show live events together, and killing
// either loses nothing that was acknowledged.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { trustedFeedKeys, verifyManifest, type Mark, type Summary, type TicketResponse } from '@postern/shared';
import { accessCloud, enrolTestGate, someEvent, type CloudAccess, type TestGate } from '../support/cloud.ts';
import { runCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import { openLiveStream } from '../support/live-stream.ts';
import { aMark, eveningMs } from '../support/marks.ts';
import { describeOrReport } from '../support/not-run.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import type { PostgresServer } from '../../scripts/lib/postgres-server.ts';
import { createPostgresDatabase, startPostgres } from '../support/postgres.ts';

/** Of 120: in the middle of things, with requests of two gates under way. */
const killedAfterMarks = 30;

let server: PostgresServer;
let folder: ReturnType<typeof temporaryFolder>;
let database: string;
const running: CloudProcess[] = [];

function start(name: string): CloudProcess {
  const data = join(folder.path, name);
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'master.key'), '42'.repeat(32), { mode: 0o600 });
  const started = runCloud('serve', '--database', database, '--data', data, '--port', '0', '--log-level', 'warn');
  running.push(started);
  return started;
}
const access = async (process: CloudProcess, token: string): Promise<CloudAccess> => {
  const url = await process.ready;
  return accessCloud((path, init) => fetch(`${url}${path}`, init), token);
};
const tokenIn = (process: CloudProcess): string | undefined => /postern_[0-9a-f_]+/.exec(process.out())?.[0];

/** Both, started at once on an empty database. */
async function startTwo(): Promise<{
  readonly processes: readonly [CloudProcess, CloudProcess];
  readonly clouds: readonly [CloudAccess, CloudAccess];
  readonly token: string;
}> {
  const processes = [start('a'), start('b')] as const;
  await Promise.all(processes.map(({ ready }) => ready));
  const tokens = processes.flatMap((process) => tokenIn(process) ?? []);
  expect(tokens).toHaveLength(1);
  const [token = ''] = tokens;
  return { processes, clouds: [await access(processes[0], token), await access(processes[1], token)], token };
}

/** A gate that ships its marks as they come, each time to the cloud that `next` names, until one takes them. */
async function ship(
  gate: TestGate,
  marks: readonly Mark[],
  next: () => CloudAccess,
  acknowledged: (marks: number) => void,
): Promise<void> {
  for (let count = 1; count <= marks.length; count++) {
    const chunk = await gate.chunk(marks.slice(0, count));
    for (let isTaken = false; !isTaken;) {
      gate.turnTo(next());
      isTaken = await gate.push([chunk], 1).then(
        ({ refusals }) => refusals.length === 0,
        // Killed under our feet: another one will take it.
        () => false,
      );
    }
    acknowledged(1);
  }
}

const marksOf = (gate: string, tickets: readonly TicketResponse[]): readonly Mark[] =>
  tickets.map(({ id }, index) =>
    aMark({
      event: 1,
      gate,
      ticketId: id,
      sequence: index + 1,
      at: { ms: eveningMs + index * 1_000, counter: 0 },
    }),
  );
const issue = async (cloud: CloudAccess, count: number): Promise<readonly TicketResponse[]> =>
  (
    await cloud.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
      event: 1,
      tickets: Array.from({ length: count }, () => ({ type: 1 })),
    })
  ).tickets;

describeOrReport('two cloud processes on one PostgreSQL', missingPostgres(), () => {
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    folder = temporaryFolder();
    database = await createPostgresDatabase(server.url, { isEmpty: true });
  });
  afterEach(async () => {
    for (const started of running) started.kill('SIGKILL');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
    folder.remove();
  });

  it('are one cloud to gates: enrolled at one, they fetch the feed and ship marks at the other', async () => {
    const { processes, clouds } = await startTwo();
    const [a, b] = clouds;
    await a.json('POST', '/api/events', someEvent);
    const tickets = await issue(b, 20);
    const gate = await enrolTestGate(a, 1, 'gate-a');
    await a.json('POST', '/admin/events/1/publish');
    gate.turnTo(b);
    const answer = await gate.request('GET', '/feed/1/manifest');
    const manifest = verifyManifest(
      new Uint8Array(await answer.arrayBuffer()),
      trustedFeedKeys({ keys: gate.enrolment.feedKeys }),
    );
    if (!manifest.ok) throw new Error(manifest.error.type);
    expect(manifest.value.snapshot.tickets).toBe(20);
    for (const cloud of clouds) {
      gate.turnTo(cloud);
      const file = await gate.request('GET', `/feed/files/${manifest.value.snapshot.sha256}`);
      expect([file.status, (await file.arrayBuffer()).byteLength]).toEqual([200, manifest.value.snapshot.bytes]);
    }
    let turn = 0;
    await ship(
      gate,
      marksOf('gate-a', tickets),
      () => clouds[turn++ % 2 === 0 ? 0 : 1],
      () => undefined,
    );
    const [ofA, ofB] = [
      await a.json<Summary>('GET', '/api/events/1/summary'),
      await b.json<Summary>('GET', '/api/events/1/summary'),
    ];
    expect(ofA).toMatchObject({ admitted: 20, marks: 20, cases: 0 });
    expect({ ...ofB, atMs: 0 }).toEqual({ ...ofA, atMs: 0 });
    for (const process of processes) process.kill('SIGTERM');
    for (const process of processes) expect(await process.ended).toMatchObject({ code: 0, errors: '' });
  });

  // Without a wake-up between the processes a stream would look again every 5 s only: ten rounds would take 50 s.
  it('show at once on a live page of one what the other took in', async () => {
    const { clouds } = await startTwo();
    const [a, b] = clouds;
    await a.json('POST', '/api/events', someEvent);
    const tickets = await issue(a, 10);
    const gate = await enrolTestGate(b, 1, 'gate-b');
    const stream = await openLiveStream(a);
    let rounds = 0;
    const marks = marksOf('gate-b', tickets);
    for (const count of marks.keys()) {
      await gate.push([await gate.chunk(marks.slice(0, count + 1))], 1);
      while ((await stream.next()).admitted < count + 1);
      rounds += 1;
    }
    expect(rounds).toBe(10);
    await stream.cancel();
  }, 240_000);

  it('lose nothing that was acknowledged when either is killed', async () => {
    const { processes, clouds, token } = await startTwo();
    const [a, b] = clouds;
    await a.json('POST', '/api/events', someEvent);
    const gates = await Promise.all(['gate-a', 'gate-b', 'gate-c'].map((id) => enrolTestGate(a, 1, id)));
    const tickets = await issue(b, 120);
    let current: readonly CloudAccess[] = clouds;
    let turn = 0;
    let taken = 0;
    const next = (): CloudAccess => current[turn++ % current.length] ?? b;
    const acknowledged = (): void => {
      taken += 1;
      if (taken !== killedAfterMarks) return;
      current = [b];
      processes[0].kill('SIGKILL');
    };
    await Promise.all(
      gates.map((gate, index) =>
        ship(gate, marksOf(gate.id, tickets.slice(index * 40, index * 40 + 40)), next, acknowledged),
      ),
    );
    expect([taken, (await processes[0].ended).code]).toEqual([120, null]);
    const before = await b.json<Summary>('GET', '/api/events/1/summary');
    expect(before).toMatchObject({ admitted: 120, marks: 120, cases: 0 });

    // Now the other one; a fresh process has it all.
    processes[1].kill('SIGKILL');
    await processes[1].ended;
    const again = await access(start('a'), token);
    const after = await again.json<Summary>('GET', '/api/events/1/summary');
    expect({ ...after, atMs: 0 }).toEqual({ ...before, atMs: 0 });
  });
});

// Goal: background work runs when it is due, once, whatever processes die, stop or come twice; and people see and say what becomes of it.
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { err, ok, type JobRun, type Logger } from '@postern/shared';
import { z } from 'zod';
import { defineJob, type JobContext, type JobKind } from '../../../cloud-sync/src/services/jobs/job-kind.ts';
import { leaseMs } from '../../../cloud-sync/src/services/jobs/job-runs.ts';
import { createJobs, type JobService } from '../../../cloud-sync/src/services/jobs/jobs.ts';
import { attemptsMax, beatEveryMs } from '../../../cloud-sync/src/services/jobs/run-job.ts';
import { lookEveryMs, runsPerKindMax } from '../../../cloud-sync/src/services/jobs/runner.ts';
import { createWatchedWork } from '../../../cloud-sync/src/services/jobs/watched-work.ts';
import { silentLog } from '../../support/cloud.ts';
import { openTestDatabase, type OpenTestDatabase } from '../../support/database.ts';
import { createVirtualTime, virtualStartMs, type VirtualTime } from '../../support/virtual-time.ts';

let opened: OpenTestDatabase;
let time: VirtualTime;
let services: JobService[];
beforeEach(async () => {
  opened = await openTestDatabase();
  time = createVirtualTime();
  services = [];
});
afterEach(async () => {
  for (const service of services) await service.runner.stop();
  await opened.close();
});

let ids = 0;
/** A process of its own on the same database. */
function createProcess(kinds: readonly JobKind[], log: Logger = silentLog): JobService {
  const service = createJobs({
    database: opened.database,
    clock: time.clock,
    timer: time.timer,
    random: (bytes) => new Uint8Array(bytes).fill(++ids),
    log,
    kinds,
  });
  services.push(service);
  return service;
}

const done = (summary = 'Done.', counts: Record<string, number> = {}) => ok({ counts, summary });

interface Work {
  readonly context: JobContext<unknown>;
  readonly end: (summary?: string) => void;
}
/** A kind whose runs last until the test ends them, or they are told to stop. */
function createLongKind(options: Partial<JobKind> = {}): { readonly kind: JobKind; readonly works: Work[] } {
  const works: Work[] = [];
  const kind = defineJob({
    name: 'long',
    title: 'Takes its time',
    about: 'deployment',
    runNow: true,
    parameters: z.strictObject({}),
    ...options,
    run: (context) =>
      new Promise((resolve) => {
        works.push({ context, end: (summary) => resolve(done(summary, { steps: 1 })) });
        context.signal.addEventListener('abort', () => resolve(done('As far as it came.', { steps: 0 })));
      }),
  });
  return { kind, works };
}
const createKind = (options: Partial<JobKind> & Pick<JobKind, 'run'>): JobKind =>
  defineJob({
    name: 'quick',
    title: 'Is soon done',
    about: 'deployment',
    runNow: true,
    parameters: z.strictObject({}),
    ...options,
  });

async function begin(service: JobService, kind: string, event = 0): Promise<string> {
  const started = await service.runNow(kind, event);
  if (!started.ok) throw new Error(started.error.type);
  return started.value.id;
}
async function read(service: JobService, id: string): Promise<JobRun> {
  const found = await service.find(id);
  if (!found.ok) throw new Error(found.error.type);
  return found.value;
}
/** What `value` becomes, while time goes on for those who look again after a while. */
const untilEqual = <T>(value: () => Promise<T>, wanted: T): Promise<void> =>
  expect
    .poll(async () => {
      const now = await value();
      if (!isDeepStrictEqual(now, wanted)) await time.advance(lookEveryMs);
      return now;
    })
    .toEqual(wanted);
const untilState = (service: JobService, id: string, state: JobRun['state']): Promise<void> =>
  untilEqual(async () => (await read(service, id)).state, state);
const list = async (service: JobService): Promise<readonly JobRun[]> => {
  const page = await service.list({ limit: 100 });
  return page.ok ? page.value.runs : [];
};
const leaseOf = async (id: string): Promise<number | null> => {
  const row = opened.database.selectFrom('job_run').select('lease_until_ms').where('id', '=', id);
  return (await row.executeTakeFirstOrThrow()).lease_until_ms;
};
/** Moves on in steps, so that what hangs on the database keeps up. */
async function pass(ms: number, isEnough: () => boolean = () => false): Promise<void> {
  for (let left = ms; left > 0 && !isEnough(); left -= beatEveryMs) {
    await time.advance(Math.min(left, beatEveryMs));
    for (let times = 0; times < 3; times++) await opened.database.selectFrom('job_run').select('id').execute();
  }
}

describe('a run', () => {
  it('says how far it is, and what it came to', async () => {
    const { kind, works } = createLongKind();
    const service = createProcess([kind]);
    service.runner.start();
    const id = await begin(service, 'long');
    await expect.poll(() => works.length).toBe(1);
    expect(await read(service, id)).toMatchObject({ state: 'running', startedAtMs: virtualStartMs });
    works[0]?.context.report(3, 10);
    await time.advance(beatEveryMs);
    await expect.poll(async () => (await read(service, id)).progress).toEqual({ done: 3, total: 10 });
    works[0]?.end('Ten of ten.');
    await untilState(service, id, 'done');
    expect(await read(service, id)).toMatchObject({
      endedAtMs: virtualStartMs + beatEveryMs,
      result: { counts: { steps: 1 }, summary: 'Ten of ten.' },
    });
  });

  it('is given the parameters that its kind checks, and is not begun with others', async () => {
    const seen: unknown[] = [];
    const kind = createKind({
      parameters: z.strictObject({ upTo: z.number() }),
      run: async ({ parameters, event }) => {
        seen.push([parameters, event]);
        return done();
      },
      about: 'event',
    });
    const service = createProcess([kind]);
    service.runner.start();
    expect(await service.start('quick', 7, { upTo: 'x' })).toMatchObject({ error: { type: 'options-invalid' } });
    expect(await service.start('quick', 0, { upTo: 1 })).toMatchObject({ error: { type: 'options-invalid' } });
    expect(await service.start('slow', 7, {})).toMatchObject({ error: { type: 'job-kind-unknown' } });
    const started = await service.start('quick', 7, { upTo: 5 });
    await untilState(service, started.ok ? started.value.id : '', 'done');
    expect(seen).toEqual([[{ upTo: 5 }, 7]]);
  });

  it('that fails says why, with what it has done; one that throws tells the log alone', async () => {
    const logged: unknown[] = [];
    const failing = createKind({
      name: 'failing',
      run: async () =>
        err({ type: 'disk-full', detail: 'The disk is full.', result: { counts: { rows: 4 }, summary: '' } }),
    });
    const throwing = createKind({
      name: 'throwing',
      run: async () => {
        throw new Error('the secret is 4711');
      },
    });
    const service = createProcess([failing, throwing], { ...silentLog, error: (fields) => void logged.push(fields) });
    service.runner.start();
    const [first, second] = [await begin(service, 'failing'), await begin(service, 'throwing')];
    await untilState(service, first, 'failed');
    await untilState(service, second, 'failed');
    expect(await read(service, first)).toMatchObject({
      failure: 'disk-full',
      result: { counts: { rows: 4 }, summary: 'The disk is full.' },
    });
    expect(JSON.stringify(await read(service, second))).not.toContain('4711');
    expect(JSON.stringify(logged)).toContain('4711');
  });

  it('begins no sooner than it is due, also when it is moved', async () => {
    const kind = createKind({ about: 'event', run: async () => done() });
    const service = createProcess([kind]);
    service.runner.start();
    const first = await service.start('quick', 7, {}, { dueAtMs: virtualStartMs + 60_000 });
    const id = first.ok ? first.value.id : '';
    await pass(30_000);
    expect((await read(service, id)).state).toBe('waiting');
    expect(await service.start('quick', 7, {}, { dueAtMs: virtualStartMs + 90_000 })).toMatchObject({ value: { id } });
    await pass(45_000);
    expect((await read(service, id)).state).toBe('waiting');
    await pass(30_000);
    await untilState(service, id, 'done');
    expect((await read(service, id)).startedAtMs).toBeGreaterThanOrEqual(virtualStartMs + 90_000);
  });

  it('keeps no other kind waiting, and only so many of its own go at a time', async () => {
    const { kind, works } = createLongKind({ isManyAtOnce: true });
    const service = createProcess([kind, createKind({ run: async () => done() })]);
    service.runner.start();
    for (let number = 0; number < runsPerKindMax + 2; number++) await begin(service, 'long');
    const quick = await begin(service, 'quick');
    await untilState(service, quick, 'done');
    expect(works.length).toBe(runsPerKindMax);
    works[0]?.end();
    await expect.poll(() => works.length).toBe(runsPerKindMax + 1);
  });

  it('of a kind that goes once at a time is not begun twice', async () => {
    const { kind, works } = createLongKind();
    const service = createProcess([kind]);
    service.runner.start();
    await begin(service, 'long');
    await expect.poll(() => works.length).toBe(1);
    expect(await service.runNow('long', 0)).toMatchObject({ error: { type: 'job-running' } });
  });
});

describe('a schedule', () => {
  const scheduled = (run: JobKind['run']): JobKind => createKind({ schedule: '0 * * * *', run });
  /** The next full hour after the start of the test. */
  const nextHourMs = Math.ceil(virtualStartMs / 3_600_000) * 3_600_000;

  it('shows the next run, runs it then, and shows the one after it', async () => {
    const service = createProcess([scheduled(async () => done())]);
    service.runner.start();
    await expect.poll(async () => (await service.kinds())[0]?.nextDueAtMs).toBe(nextHourMs);
    await pass(nextHourMs - virtualStartMs - 1);
    expect((await service.kinds())[0]?.last).toBeUndefined();
    await pass(2);
    await untilEqual(async () => (await service.kinds())[0]?.last?.state, 'done');
    expect((await service.kinds())[0]?.last?.startedAtMs).toBeGreaterThanOrEqual(nextHourMs);
    await expect.poll(async () => (await service.kinds())[0]?.nextDueAtMs).toBe(nextHourMs + 3_600_000);
  });

  it('is kept once by several processes', async () => {
    let runs = 0;
    const kinds = [scheduled(async () => done(`Run ${++runs}.`))];
    const [a, b] = [createProcess(kinds), createProcess(kinds)];
    a.runner.start();
    b.runner.start();
    await expect.poll(async () => (await list(a)).length).toBe(1);
    await pass(nextHourMs - virtualStartMs + lookEveryMs);
    await untilEqual(async () => (await list(a)).map(({ state }) => state), ['waiting', 'done']);
    expect(runs).toBe(1);
  });

  it('goes on after a run of it was cancelled, which is left out', async () => {
    const service = createProcess([scheduled(async () => done())]);
    service.runner.start();
    await expect.poll(async () => (await list(service)).length).toBe(1);
    const [waiting] = await list(service);
    expect(await service.cancel(waiting?.id ?? '')).toMatchObject({ value: { state: 'cancelled' } });
    await expect.poll(async () => (await service.kinds())[0]?.nextDueAtMs).toBe(nextHourMs + 3_600_000);
  });

  it('is brought forward by run now', async () => {
    const service = createProcess([scheduled(async () => done())]);
    service.runner.start();
    await expect.poll(async () => (await list(service)).length).toBe(1);
    const started = await service.runNow('quick', 0, { by: { kind: 'user', id: 'ada' } });
    await untilState(service, started.ok ? started.value.id : '', 'done');
    const run = await read(service, started.ok ? started.value.id : '');
    expect(run.startedBy).toEqual({ kind: 'user', id: 'ada' });
    expect(run.startedAtMs).toBeLessThan(nextHourMs);
  });
});

describe('a run whose process died', () => {
  /** Runs of it are taken, and then nothing is heard of the process that has them. */
  async function abandon(kind: string): Promise<string> {
    const service = createProcess([createLongKind({ name: kind }).kind]);
    const id = await begin(service, kind);
    await opened.database
      .updateTable('job_run')
      .set({ state: 'running', lease: 'dead', lease_until_ms: time.clock.wallMs() + leaseMs, attempt: 1 })
      .where('id', '=', id)
      .execute();
    return id;
  }

  it('is begun again by another one, once its lease is over and not before', async () => {
    const id = await abandon('quick');
    const service = createProcess([createKind({ run: async () => done() })]);
    service.runner.start();
    await pass(leaseMs - lookEveryMs);
    expect((await read(service, id)).state).toBe('running');
    await pass(2 * lookEveryMs);
    await untilState(service, id, 'done');
  });

  it('ends as cancelled when somebody wished so meanwhile', async () => {
    const id = await abandon('quick');
    let runs = 0;
    const service = createProcess([createKind({ run: async () => done(`${++runs}`) })]);
    expect(await service.cancel(id)).toMatchObject({ value: { state: 'running' } });
    service.runner.start();
    await pass(leaseMs + lookEveryMs);
    await untilState(service, id, 'cancelled');
    expect(runs).toBe(0);
  });

  it('is given up when it has killed too many', async () => {
    const id = await abandon('quick');
    await opened.database.updateTable('job_run').set({ attempt: attemptsMax }).where('id', '=', id).execute();
    const service = createProcess([createKind({ run: async () => done() })]);
    service.runner.start();
    await pass(leaseMs + lookEveryMs);
    await untilState(service, id, 'failed');
    expect((await read(service, id)).failure).toBe('process-died');
  });

  it('has no effect any more in a process that was only suspended', async () => {
    const slow = createLongKind();
    const a = createProcess([slow.kind]);
    const id = await begin(a, 'long');
    void a.perform(id);
    await expect.poll(() => slow.works.length).toBe(1);
    // Suspended: time goes on, and its heart-beats do not.
    time.jump(leaseMs + 1);
    const other = createLongKind();
    const b = createProcess([other.kind]);
    void b.perform(id);
    await expect.poll(() => other.works.length).toBe(1);
    const fenced = opened.database.transaction().execute(async (queries) => {
      await slow.works[0]?.context.fence(queries);
    });
    await expect(fenced).rejects.toThrow('another process');
    expect(slow.works[0]?.context.signal.aborted).toBe(true);
    await opened.database.transaction().execute(async (queries) => other.works[0]?.context.fence(queries));
    other.works[0]?.end('By the other one.');
    await untilState(b, id, 'done');
    expect((await read(b, id)).result?.summary).toBe('By the other one.');
  });

  it('goes on while its heart beats, however long it takes', async () => {
    const { kind, works } = createLongKind();
    const [a, b] = [createProcess([kind]), createProcess([kind])];
    const id = await begin(a, 'long');
    void a.perform(id);
    await expect.poll(() => works.length).toBe(1);
    b.runner.start();
    while (time.clock.wallMs() < virtualStartMs + 3 * leaseMs)
      await expect
        .poll(async () => {
          await time.advance(beatEveryMs);
          return ((await leaseOf(id)) ?? 0) - time.clock.wallMs();
        })
        .toBeGreaterThan(leaseMs - 2 * beatEveryMs);
    expect(works.length).toBe(1);
    works[0]?.end();
    await untilState(a, id, 'done');
  });
});

describe('cancelling', () => {
  it('stops a run under way, here at once and in another process with its next heart-beat', async () => {
    const { kind, works } = createLongKind({ isManyAtOnce: true });
    const [a, b] = [createProcess([kind]), createProcess([kind])];
    const [first, second] = [await begin(a, 'long'), await begin(a, 'long')];
    for (const id of [first, second]) void a.perform(id);
    await expect.poll(() => works.length).toBe(2);
    await a.cancel(first);
    await untilState(a, first, 'cancelled');
    expect((await read(a, first)).result).toEqual({ counts: { steps: 0 }, summary: 'Cancelled. As far as it came.' });
    await b.cancel(second);
    await time.advance(beatEveryMs);
    await untilState(b, second, 'cancelled');
    expect(await b.cancel(second)).toMatchObject({ error: { type: 'job-ended' } });
    expect(await b.cancel('0'.repeat(32))).toMatchObject({ error: { type: 'job-unknown' } });
  });
});

describe('a service that stops', () => {
  it('gives its runs back, and the next one begins them again', async () => {
    const before = createLongKind();
    const a = createProcess([before.kind]);
    a.runner.start();
    const id = await begin(a, 'long');
    await expect.poll(() => before.works.length).toBe(1);
    await a.runner.stop();
    expect(await read(a, id)).toMatchObject({ state: 'waiting' });
    const after = createLongKind();
    createProcess([after.kind]).runner.start();
    await expect.poll(() => after.works.length).toBe(1);
  });
});

describe('watched work', () => {
  it('shows what it has done last, for each event', async () => {
    const service = createProcess([]);
    const { note, settled } = createWatchedWork({ database: opened.database, clock: time.clock, log: silentLog });
    note('feed-snapshots', 7, virtualStartMs, { result: { counts: { version: 1 }, summary: 'Version 1.' } });
    note('feed-snapshots', 8, virtualStartMs, { failure: { type: 'disk-full', detail: 'The disk is full.' } });
    time.jump(10);
    note('feed-snapshots', 7, virtualStartMs + 10, { result: { counts: { version: 2 }, summary: 'Version 2.' } });
    await settled();
    const kind = (await service.kinds()).find(({ name }) => name === 'feed-snapshots');
    expect(kind).toMatchObject({ runNow: false, last: { event: 7, result: { summary: 'Version 2.' } } });
    const states = (await list(service)).map(({ event, state }) => `${event} ${state}`);
    expect(states.toSorted()).toEqual(['7 done', '8 failed']);
    expect(await service.runNow('feed-snapshots', 7)).toMatchObject({ error: { type: 'job-not-startable' } });
  });
});

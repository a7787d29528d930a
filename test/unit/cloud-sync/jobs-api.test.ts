// Goal: an operator sees background work, begins and cancels it over the API, audited and within their own events; and what has expired goes.
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JobKindList, type JobPage, type JobRun } from '@postern/shared';
import { askedRunsKeptMs, scheduledRunsKeptMs } from '../../../cloud-sync/src/services/jobs/clean-up.ts';
import { resetLifetimeMs } from '../../../cloud-sync/src/services/reset-links.ts';
import { sessionLifetimeMs } from '../../../cloud-sync/src/services/sessions.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { askAs, createPerson } from '../../support/people.ts';

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(() => test.close());

/** Runs a kind to its end, as run now does. */
async function run(kind: string, path = '/admin/jobs/runs'): Promise<JobRun> {
  const { id } = await test.json<JobRun>('POST', path, { kind }, 202);
  await test.cloud.jobs.perform(id);
  return test.json<JobRun>('GET', `/admin/jobs/runs/${id}`);
}

describe('the API', () => {
  it('lists the kinds, with the last run and its result', async () => {
    const ended = await run('clean-up');
    expect(ended).toMatchObject({ state: 'done', startedBy: { kind: 'user' } });
    const { kinds } = await test.json<JobKindList>('GET', '/admin/jobs');
    expect(kinds.find(({ name }) => name === 'clean-up')).toMatchObject({ last: ended, runNow: true, running: [] });
  });

  it('lists runs in pages, the newest first', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 3; number++) {
      ids.unshift((await run('clean-up')).id);
      await test.time.advance(1);
    }
    const first = await test.json<JobPage>('GET', '/admin/jobs/runs?kind=clean-up&limit=2');
    const second = await test.json<JobPage>('GET', `/admin/jobs/runs?kind=clean-up&limit=2&cursor=${first.next}`);
    expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(ids);
    expect(second.next).toBeUndefined();
  });

  it('cancels what waits, writes down who began and who cancelled, and says what there is not', async () => {
    const { id } = await test.json<JobRun>('POST', '/admin/jobs/runs', { kind: 'clean-up' }, 202);
    expect(await test.json('POST', `/admin/jobs/runs/${id}/cancel`, {}, 200)).toMatchObject({ state: 'cancelled' });
    expect((await test.api('POST', `/admin/jobs/runs/${id}/cancel`, {})).status).toBe(409);
    expect((await test.api('POST', '/admin/jobs/runs', { kind: 'coffee' })).status).toBe(404);
    const { entries } = await test.json<{ entries: { action: string; subject?: string; reason?: string }[] }>(
      'GET',
      '/audits/log?limit=10',
    );
    expect(entries.filter(({ subject }) => subject === id)).toMatchObject([
      { action: 'job-cancelled', reason: 'clean-up' },
      { action: 'job-started', reason: 'clean-up' },
    ]);
  });

  it('shows an organiser the runs of their event and no others', async () => {
    const organiser = await createPerson(test, 'organiser', 1);
    const { id } = await test.json<JobRun>('POST', '/admin/jobs/runs', { kind: 'clean-up' }, 202);
    expect(await (await askAs(test, organiser, 'GET', '/api/events/1/jobs')).json()).toEqual({ runs: [] });
    expect((await askAs(test, organiser, 'GET', `/api/events/1/jobs/${id}`)).status).toBe(404);
    expect((await askAs(test, organiser, 'POST', `/api/events/1/jobs/${id}/cancel`, {})).status).toBe(404);
    expect((await askAs(test, organiser, 'POST', '/api/events/1/jobs', { kind: 'clean-up' })).status).toBe(422);
  });
});

describe('the clean-up', () => {
  it('deletes what has expired, and nothing that has not', async () => {
    const { id: user } = await test.cloud.users.create({ name: 'Ada', role: 'person' });
    await test.json('POST', `/admin/users/${user}/reset-link`, {}, 201);
    await test.json('POST', '/admin/events/1/gates', { id: 'gate-a', name: 'A', zone: 'arena', lanes: [{ id: 'a' }] });
    await test.request('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: test.token }),
    });
    await test.api('POST', '/api/tickets', { event: 1, type: 1 }, { 'Idempotency-Key': 'one' });
    expect((await run('clean-up')).result?.summary).toBe('Nothing had expired.');
    test.time.jump(resetLifetimeMs + 1);
    expect((await run('clean-up')).result?.counts).toMatchObject({ reset_link: 1, enrolment: 1, session: 0 });
    test.time.jump(sessionLifetimeMs);
    expect((await run('clean-up')).result?.counts).toMatchObject({ session: 1, idempotency: 0 });
    test.time.jump(sessionLifetimeMs);
    expect((await run('clean-up')).result?.counts).toMatchObject({ idempotency: 1 });
    await withDatabase(test.databaseUrl, async (database) => {
      for (const table of ['reset_link', 'enrolment', 'session', 'idempotency'] as const)
        expect(await database.selectFrom(table).selectAll().execute()).toEqual([]);
    });
  });

  it('keeps what people have begun for longer than what the schedule did', async () => {
    const { id } = await run('clean-up');
    const scheduled = await test.cloud.jobs.start('clean-up', 0, {});
    await test.cloud.jobs.perform(scheduled.ok ? scheduled.value.id : '');
    test.time.jump(scheduledRunsKeptMs + 1);
    expect((await run('clean-up')).result?.counts).toMatchObject({ job_run: 1 });
    expect((await test.api('GET', `/admin/jobs/runs/${id}`)).status).toBe(200);
    test.time.jump(askedRunsKeptMs);
    await run('clean-up');
    expect((await test.api('GET', `/admin/jobs/runs/${id}`)).status).toBe(404);
  });
});

describe('the proof of the audit log', () => {
  it('says how much it has proved, and names the first entry that was changed in the database', async () => {
    const proved = await run('audit-verify');
    expect(proved).toMatchObject({ state: 'done', result: { counts: { chains: 1, erased: 0 } } });
    expect(proved.result?.summary).toMatch(/^All \d+ entries in 1 chains prove\.$/);
    await withDatabase(test.databaseUrl, (database) =>
      sql`update audit_entry set actor = 'somebody' where sequence = 2`.execute(database),
    );
    const flawed = await run('audit-verify');
    expect(flawed).toMatchObject({ state: 'failed', failure: 'audit-flawed' });
    expect(flawed.result?.summary).toMatch(/^Entry 2 of chain \w+ is not what its hash was made of/);
  });
});

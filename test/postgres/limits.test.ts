// Goal: two processes on one PostgreSQL count wrong answers and mails together, so that a balancer in front of them gives a guesser no more
// than the limit and one; and what they keep of it names nobody and goes away.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TicketResponse } from '@postern/shared';
import { accessCloud, createTestCloud, postJson, someEvent, type TestCloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { describeOrReport } from '../support/not-run.ts';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';
import { createVirtualTime, type VirtualTime } from '../support/virtual-time.ts';

let folder: string;
let url: string;
let time: VirtualTime;
let clouds: readonly TestCloud[];
const cloud = (index: number): TestCloud => {
  const found = clouds[index % clouds.length];
  if (found === undefined) throw new Error('there are clouds');
  return found;
};

/** One after the other, now at one process and now at the other: how often each status came. */
async function count(times: number, ask: (one: TestCloud) => Promise<Response>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (let index = 0; index < times; index++) {
    const { status, headers } = await ask(cloud(index));
    counts[status] = (counts[status] ?? 0) + 1;
    expect(headers.has('Retry-After')).toBe(status === 429);
  }
  return counts;
}

const postForm = (one: TestCloud): Promise<Response> =>
  one.request('/oauth/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&client_id=000000000000&client_secret=x',
  });
const person = { email: 'ada@example.test', password: 'a long enough password' };

describeOrReport('two processes on one PostgreSQL', missingPostgres(), () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-limits-'));
    ({ url } = await createTestDatabase(folder, { kind: 'postgres', isEmpty: true }));
    time = createVirtualTime();
    const opened: TestCloud[] = [];
    for (const seed of [1, 2])
      opened.push(
        await createTestCloud({
          folder: mkdtempSync(join(folder, 'data-')),
          databaseUrl: url,
          masterKey: '11'.repeat(32),
          seed,
          time,
          limitsFactor: 1,
        }),
      );
    const token = (await opened[0]?.cloud.users.resetAdministrator()) ?? '';
    clouds = opened.map((one) => ({ ...one, ...accessCloud(one.request, token) }));
  });
  afterEach(async () => {
    await Promise.all(clouds.map((one) => one.close()));
    rmSync(folder, { recursive: true });
  });

  it('count wrong secrets, codes and links together, but for the one that the other has not heard of, and mails exactly', async () => {
    const enrolment = { code: 'AAAA-AAAA-AAAA', csr: 'AAAA', publicKey: '00'.repeat(32), nonce: '00'.repeat(16) };
    const link = { token: 'wrong', password: 'a long enough password' };
    expect(await count(80, postForm)).toEqual({ 401: 61, 429: 19 });
    expect(await count(50, (one) => postJson(one, '/enrol', enrolment))).toEqual({ 403: 31, 429: 19 });
    expect(await count(50, (one) => postJson(one, '/password-resets/redeem', link))).toEqual({ 403: 31, 429: 19 });
    expect(await count(8, (one) => postJson(one, '/password-resets', { email: person.email }))).toEqual({
      204: 5,
      429: 3,
    });
    const signUp = (one: TestCloud): Promise<Response> => postJson(one, '/sign-up', { ...person, name: 'Ada' });
    expect(await count(14, signUp)).toEqual({ 204: 10, 429: 4 });
    await time.advance(60_000);
    expect((await count(62, postForm))[401]).toBe(60);
  });

  it('give one wrong answer more than the limit, and no more, to who asks both before either has heard', async () => {
    await cloud(0).json('POST', '/api/events', someEvent);
    const { id } = await cloud(0).json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const guess = (one: TestCloud): Promise<Response> =>
      one.api('POST', `/api/tickets/${id}/methods/code/verify`, { presented_data: 'guess' });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => guess(cloud(index))));
    const through = answers.filter(({ status }) => status === 200).length;
    expect(through).toBeGreaterThanOrEqual(10);
    expect(through).toBeLessThanOrEqual(11);
    // What went through too much is made up for.
    await time.advance(60_000);
    const later = await count(30, guess);
    expect((later[200] ?? 0) + through).toBeLessThanOrEqual(21);
  });

  it('make an account wait together, and forgive it together', async () => {
    await postJson(cloud(0), '/sign-up', { ...person, name: 'Ada' });
    const signIn = (one: TestCloud, password: string): Promise<Response> =>
      postJson(one, '/session', { email: person.email, password });
    expect(await count(8, (one) => signIn(one, 'a wrong password'))).toEqual({ 401: 5, 429: 3 });
    await time.advance(1_000);
    expect((await signIn(cloud(1), person.password)).status).toBe(204);
    expect(await count(6, (one) => signIn(one, 'a wrong password'))).toEqual({ 401: 5, 429: 1 });
  });

  it('keep of it no address and no name, and nothing for longer than it counts', async () => {
    await postJson(cloud(0), '/session', person);
    await postForm(cloud(1));
    const kept = (): Promise<object[]> =>
      withDatabase(url, (database) => database.selectFrom('tries').selectAll().execute());
    const rows = await kept();
    expect(rows).toHaveLength(3);
    expect(JSON.stringify(rows)).not.toMatch(/ada|unknown|sign-in/);
    // Wrong passwords count for a day, the rest for seconds.
    await time.advance(60_000);
    await postForm(cloud(0));
    expect(await kept()).toHaveLength(2);
  });
});

// Goal: the page takes the answers of its own cloud, misreads none of another one, and takes nothing on the way for the cloud.
import { dashboardHeader } from '@postern/shared';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type * as Cloud from '../../../../cloud-sync/src/dashboard/cloud.ts';
import type * as Release from '../../../../cloud-sync/src/dashboard/release.ts';

const own = 'index-1.js';
let cloud: typeof Cloud;
let release: typeof Release;
let asked: string[] = [];
let answer: () => Response;

beforeAll(async () => {
  // Which page this is, is read once: neither before this nor for tests after it.
  vi.resetModules();
  const script = { src: `https://cloud.example/assets/${own}` };
  vi.stubGlobal('document', { querySelector: () => script, documentElement: {} });
  vi.stubGlobal('navigator', { languages: ['en'] });
  release = await import('../../../../cloud-sync/src/dashboard/release.ts');
  cloud = await import('../../../../cloud-sync/src/dashboard/cloud.ts');
  vi.stubGlobal('fetch', async (path: string, { method }: RequestInit) => {
    asked.push(`${method} ${path}`);
    return answer();
  });
});
beforeEach(() => {
  asked = [];
  release.isOutdated.value = false;
});
afterAll(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const say =
  (body: unknown, dashboard: string | undefined, status = 200) =>
  (): Response =>
    Response.json(body, { status, headers: dashboard === undefined ? {} : { [dashboardHeader]: dashboard } });

it('takes what its own cloud says', async () => {
  answer = say({ gates: [] }, own);
  expect(await cloud.ask('GET', '/gates')).toEqual({ ok: true, value: { gates: [] } });
  expect(release.isOutdated.value).toBe(false);
});

it('does not read what a newer cloud says, and knows that it is old', async () => {
  answer = say({ doors: [] }, 'index-2.js');
  expect(await cloud.ask('GET', '/gates')).toMatchObject({ ok: false, error: { type: 'page-outdated' } });
  expect(release.isOutdated.value).toBe(true);
});

it('has a newer cloud do what it is told all the same: that checks what it takes', async () => {
  answer = say({ order: 'stop-entry' }, 'index-2.js');
  expect(await cloud.ask('POST', '/orders')).toMatchObject({ ok: true });
  expect(asked).toEqual(['POST /orders']);
  expect(release.isOutdated.value).toBe(true);
});

it('says why a newer cloud refuses', async () => {
  answer = say({ type: 'gate-unknown', title: 'There is no such gate', status: 404 }, 'index-2.js', 404);
  expect(await cloud.ask('GET', '/gates/a')).toMatchObject({ ok: false, error: { type: 'gate-unknown' } });
});

it('takes nothing that stands between for the cloud', async () => {
  for (const status of [200, 502]) {
    answer = say({ type: 'sign-in-needed', title: 'Welcome to our network' }, undefined, status);
    expect(await cloud.ask('GET', '/gates')).toMatchObject({ ok: false, error: { type: 'unreadable' } });
    expect(await cloud.tell('POST', '/orders')).toMatchObject({ ok: false, error: { type: 'unreadable' } });
  }
  expect(release.isOutdated.value).toBe(false);
});

it('says that an answer was cut off', async () => {
  answer = () => new Response('{"gates":', { headers: { [dashboardHeader]: own } });
  expect(await cloud.ask('GET', '/gates')).toMatchObject({ ok: false, error: { type: 'unreadable' } });
});

// The live stream and the description of the API.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessTable } from '../../../cloud-sync/src/routes/access.ts';
import { accessAgeMsMax, streamsPerAccountMax } from '../../../cloud-sync/src/routes/live.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { openLiveStream } from '../../support/live-stream.ts';
import { aMark } from '../../support/marks.ts';
import { askAs, createPerson } from '../../support/people.ts';

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(() => test.close());

describe('the live stream', () => {
  it('sends the whole state at once and again after every change', async () => {
    const stream = await openLiveStream(test);
    expect(await stream.next()).toMatchObject({ event: 1, name: 'Test night', admitted: 0, gates: [], entries: [] });
    const gate = await enrolTestGate(test, 1, 'gate-a');
    expect((await stream.next()).gates).toMatchObject([{ id: 'gate-a', enrolled: true, state: 'ok', entries: 0 }]);
    await gate.push([await gate.chunk([aMark({ event: 1, gate: 'gate-a' })])]);
    expect(await stream.next()).toMatchObject({
      admitted: 1,
      entries: [{ gate: 'gate-a', persons: 1 }],
      gates: [{ entries: 1 }],
    });
    await stream.cancel();
  });

  it('calls a gate silent that has not been heard for a minute', async () => {
    await enrolTestGate(test, 1, 'gate-a');
    const stateOf = async (): Promise<unknown> =>
      (await test.json<{ gates: { state: string }[] }>('GET', '/api/events/1/gates')).gates[0]?.state;
    expect(await stateOf()).toBe('ok');
    await test.time.advance(61_000);
    expect(await stateOf()).toBe('silent');
  });

  it('ends for who has lost the role, with the next change', async () => {
    const steward = await createPerson(test, 'steward', 1);
    const theirs = await openLiveStream({
      api: (method, path, body) => askAs(test, steward, method, path, body),
    });
    const ours = await openLiveStream(test);
    await Promise.all([theirs.next(), ours.next()]);
    await test.cloud.members.remove(1, steward.id ?? '');
    await test.time.advance(accessAgeMsMax);
    await enrolTestGate(test, 1, 'gate-a');
    await expect(theirs.next()).rejects.toThrow('the stream has ended');
    expect((await ours.next()).gates).toHaveLength(1);
    await ours.cancel();
  });

  it('keeps no place for who asks for its head only', async () => {
    for (let asked = 0; asked < 2 * streamsPerAccountMax; asked++)
      expect((await test.api('HEAD', '/api/events/1/live')).status).toBe(200);
    const stream = await openLiveStream(test);
    expect(await stream.next()).toMatchObject({ event: 1 });
    await stream.cancel();
  });

  it('ends when the service stops', async () => {
    const stream = await openLiveStream(test);
    await stream.next();
    test.cloud.endStreams();
    await expect(stream.next()).rejects.toThrow('the stream has ended');
  });
});

describe('OpenAPI', () => {
  it('describes every route in version 3.1, each with its problems', async () => {
    const document = await (await test.cloud.app.request('/openapi.json')).json();
    expect(document.openapi).toMatch(/^3\.1\./);
    const undescribed = [
      '/',
      '/assets/:file',
      '/face',
      '/face/assets/:file',
      '/face/models/:file',
      '/handheld',
      '/handheld/:file',
      '/handheld/assets/:file',
      '/handheld/gates.crt',
      '/handheld/settings.json',
      '/healthz',
      '/metrics',
      '/my',
      '/my/:file',
      '/my/assets/:file',
      '/openapi.json',
      '/readyz',
      '/sdk/geofence.js',
      '/sdk/wallet.js',
    ];
    const described = accessTable.filter(({ path }) => !undescribed.includes(path));
    const operations = Object.entries<object>(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.toSorted()).toEqual(
      described.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`).toSorted(),
    );
    const issue = document.paths['/api/tickets'].post;
    expect(Object.keys(issue.responses).toSorted()).toEqual([
      '201',
      '400',
      '401',
      '403',
      '404',
      '409',
      '413',
      '415',
      '422',
      '429',
    ]);
    expect(issue.requestBody.content['application/json'].schema).toBeDefined();
  });
});

// The live stream and the description of the API.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { openLiveStream } from '../../support/live-stream.ts';
import { aMark } from '../../support/marks.ts';

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
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/admin/events/{event}/gates',
      '/admin/events/{event}/publish',
      '/admin/events/{event}/staff',
      '/admin/keys',
      '/admin/keys/rotate',
      '/admin/keys/{key}/revoke',
      '/admin/keys/{key}/tickets',
      '/admin/keys/{key}/tickets.csv',
      '/api/events',
      '/api/events/{event}',
      '/api/events/{event}/cases',
      '/api/events/{event}/gates',
      '/api/events/{event}/live',
      '/api/events/{event}/policy',
      '/api/events/{event}/summary',
      '/api/events/{event}/tickets',
      '/api/events/{event}/tickets/batch',
      '/api/tickets/{ticket}',
      '/api/tickets/{ticket}/history',
      '/api/tickets/{ticket}/qr.png',
      '/api/tickets/{ticket}/qr.svg',
      '/api/tickets/{ticket}/qr.txt',
      '/enrol',
      '/feed/files/{sha256}',
      '/feed/{event}/manifest',
      '/session',
      '/sync',
      '/time',
    ]);
    const issue = document.paths['/api/events/{event}/tickets'].post;
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

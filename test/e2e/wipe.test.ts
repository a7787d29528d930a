// Goal: a gate that goes back to where it was hired from. A gate and its cloud as separate processes: told to, it delivers what it has, forgets everything,
// its own key too, and the cloud knows that it has.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  eventResponseSchema,
  gateListSchema,
  summarySchema,
  ticketBatchResponseSchema,
  type GateView,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createCloudClient,
  firstToken,
  runCloud,
  temporaryFolder,
  type CloudClient,
  type CloudProcess,
} from '../support/cloud-process.ts';
import { waitUntil } from '../support/demo-process.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import {
  listenToGate,
  runGateCommand,
  showCode,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';

const happensMsMax = 60_000;
const folder = temporaryFolder();
const data = join(folder.path, 'gate-a');
let cloud: CloudProcess;
let client: CloudClient;
let event = 0;
let tickets: readonly TicketResponse[] = [];
let configPath = '';
let gate: GateProcess;
let events: GateEvents;

const view = async (): Promise<GateView | undefined> =>
  gateListSchema.parse(await client.json('GET', `/api/events/${event}/gates`)).gates[0];

beforeAll(async () => {
  cloud = runCloud('serve', '--database', `sqlite:${join(folder.path, 'cloud.db')}`, '--port', '0');
  const url = await cloud.ready;
  client = createCloudClient(() => url, firstToken(cloud));
  const post = (path: string, body: unknown): Promise<unknown> => client.json('POST', path, body);
  ({ event } = eventResponseSchema.parse(
    await post('/api/events', {
      name: 'Night',
      types: [{ id: 1, name: 'Standing' }],
      zones: [{ id: 'arena', name: 'Arena' }],
    }),
  ));
  ({ tickets } = ticketBatchResponseSchema.parse(
    await post('/api/tickets/batch', { event, tickets: [{ type: 1 }, { type: 1 }] }),
  ));
  const lanes = [{ id: 'one', readers: ['stdin://'], actuator: 'sim://one?pass-ms=20' }];
  configPath = await enrolGate({ url, post, event, folder: data, lanes });
  await post(`/admin/events/${event}/publish`, {});
  gate = startGateProcess(configPath);
  events = await listenToGate((await gate.ready).url);
}, 120_000);

afterAll(async () => {
  events?.close();
  gate?.kill('SIGKILL');
  cloud?.kill('SIGKILL');
  await Promise.all([gate?.ended, cloud?.ended]);
  folder.remove();
});

test('it says how it is, delivers, forgets everything when it is told to, and joins as nobody any more', async () => {
  expect((await showCode(gate, events, tickets[0]?.text ?? '')).decision.kind).toBe('admit');
  expect(await waitUntil(async () => (await view())?.vitals?.feedVersion === 1, happensMsMax)).toBe(true);
  expect(await view()).toMatchObject({
    condition: 'green',
    vitals: { version: expect.any(String) as string, clock: { source: 'server', trusted: true }, readers: 1 },
  });
  await client.json('POST', `/admin/events/${event}/gates/gate-a/wipe`, { reason: 'hired' });
  expect(await waitUntil(async () => (await view())?.wipe?.state === 'done', happensMsMax)).toBe(true);
  expect(await view()).toMatchObject({ condition: 'revoked' });
  expect(summarySchema.parse(await client.json('GET', `/api/events/${event}/summary`))).toMatchObject({ admitted: 1 });

  const isGone = async (): Promise<boolean> =>
    !existsSync(join(data, 'events', String(event))) && !existsSync(join(data, 'identity', 'device-key.pem'));
  expect(await waitUntil(isGone, happensMsMax)).toBe(true);
  expect((await showCode(gate, events, tickets[1]?.text ?? '')).decision.kind).toBe('refuse');
  gate.kill('SIGTERM');
  expect((await gate.ended).code).toBe(0);
  const again = await runGateCommand('run', '--config', configPath);
  expect(again.code).not.toBe(0);
  expect(again.errors).toContain('enrol');
});

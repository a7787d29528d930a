// Goal: a known face goes all the way, enrolled, published, fetched, verified, synced, exported to staff, withdrawn, and its template is found
// nowhere: no database, no file, no log, no mark, nothing that went over the wire but sealed. Planted once into each of these places it is found.
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodeSyncRequest, syncContentType, type Logger, type TicketResponse } from '@postern/shared';
import { openDatabase } from '../../../gate-agent/src/store/database.ts';
import { createTestCloud, someEvent } from '../../support/cloud.ts';
import { allowFaces, enrolledTemplate, enrolmentOf, openLink, someTemplate, writtenForms } from '../../support/face.ts';
import { openFeedGate } from '../../support/feed-gate.ts';

const diskKey = '7a'.repeat(32);
/** What was enrolled, each of its frames, and what a camera saw at the cloud's own door: who fits and who does not. */
const secrets = [0, 1, 2].map((wobble) => someTemplate(1, wobble)).concat(someTemplate(1, 3), someTemplate(2, 3));
const forms = secrets.flatMap((secret) => writtenForms(secret));

it('no template outside of the request that brings it and the answer to its owner', async () => {
  const logged: string[] = [];
  const note = (fields: object, text?: string): void => void logged.push(JSON.stringify(fields) + String(text));
  const log: Logger = { info: note, warn: note, error: note };
  const test = await createTestCloud({ log });
  onTestFinished(() => test.close());
  const received: Buffer[] = [];
  const recorded: typeof test = {
    ...test,
    request: async (path, init) => {
      const answer = await test.request(path, init);
      received.push(Buffer.from(await answer.clone().arrayBuffer()));
      return answer;
    },
  };
  await test.json('POST', '/api/events', someEvent);
  await allowFaces(test);
  const [one, two] = [await newTicket(), await newTicket()];
  async function newTicket(): Promise<TicketResponse> {
    return test.json('POST', '/api/tickets', { event: 1, type: 1 });
  }

  // Enrolled, by staff and by a link; refused; verified at the cloud's own door, once by who it is and once by somebody else.
  expect((await test.api('POST', `/api/tickets/${one.id}/face`, enrolmentOf(1))).status).toBe(201);
  const visitor = await openLink(test, two.id);
  expect((await visitor.request('POST', '/face/enrolment', enrolmentOf(1))).status).toBe(201);
  const mixed = { ...enrolmentOf(1), frames: [...enrolmentOf(1).frames, ...enrolmentOf(2).frames] };
  expect((await test.api('POST', `/api/tickets/${one.id}/face`, mixed)).status).toBe(422);
  const qr = await test.json<{ payload: { text: string } }>('POST', `/api/tickets/${one.id}/methods/qr/generate`, {});
  const reasons: string[] = [];
  for (const person of [2, 1]) {
    const presented = Buffer.from(someTemplate(person, 3)).toString('base64');
    const body = { presented_data: qr.payload.text, also: [{ method: 'face', presented_data: presented }] };
    const path = `/api/tickets/${one.id}/methods/qr/verify`;
    reasons.push((await test.json<{ reason: string }>('POST', path, body, 200)).reason);
  }
  expect(reasons).toEqual(['face-unproven', 'admitted']);

  // Fetched by a gate whose disk is sealed, with the marks of the cloud's own door.
  await test.cloud.feed.publish(1);
  const gate = await openFeedGate(recorded, 'gate-a', undefined, diskKey);
  onTestFinished(() => gate.close());
  expect(await gate.poll()).toBe('changed');
  expect(gate.cache.faces.count()).toBe(2);
  const asked = encodeSyncRequest({ event: 1, gates: [], wants: [], chunks: [] });
  const synced = await gate.gate.request('POST', '/sync', asked, { 'Content-Type': syncContentType });
  expect(synced.status).toBe(200);

  // What staff may ask for.
  for (const path of [
    '/api/events/1',
    '/api/events/1/face',
    '/api/events/1/tickets.csv',
    `/api/tickets/${one.id}`,
    `/api/tickets/${one.id}/face`,
    `/api/tickets/${one.id}/history`,
    `/api/tickets/${one.id}/methods`,
    '/audits/log?format=csv',
    '/audits/usage?format=csv',
  ]) {
    const answer = await test.api('GET', path);
    expect([path, answer.status]).toEqual([path, 200]);
    received.push(Buffer.from(await answer.arrayBuffer()));
  }

  const places = async (): Promise<Readonly<Record<string, Buffer>>> => ({
    database: await test.stored(),
    'files of the cloud': filesIn(test.folder),
    'files of the gate': filesIn(gate.folder),
    'files of the gate, opened': openedFilesIn(gate.folder),
    'what went over the wire': Buffer.concat(received),
    logs: Buffer.from(logged.join('\n')),
  });
  const found = async (): Promise<readonly string[]> =>
    Object.entries(await places()).flatMap(([name, bytes]) =>
      bytes.length > 0 && !forms.some((form) => bytes.includes(form)) ? [] : [name],
    );
  expect(await found()).toEqual([]);
  await test.api('DELETE', `/api/tickets/${one.id}/face`);
  await test.cloud.feed.publish(1);
  expect(await gate.poll()).toBe('changed');
  expect(await found()).toEqual([]);

  // The same looks find it where somebody has been careless.
  const careless = Buffer.from(enrolledTemplate(1));
  await test.json('POST', '/api/tickets', { event: 1, type: 1, holder: { name: careless.toString('base64') } });
  writeFileSync(join(test.folder, 'feed', 'planted'), careless);
  writeFileSync(join(gate.folder, 'planted.txt'), careless.toString('hex'));
  plantSealed(join(gate.folder, 'planted.db'), careless);
  received.push(Buffer.concat([Buffer.from('..'), careless]));
  log.info({ template: [...careless] }, 'enrolled');
  expect(await found()).toEqual(Object.keys(await places()));
});

const pathsIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
const filesIn = (folder: string): Buffer => Buffer.concat(pathsIn(folder).map((path) => readFileSync(path)));

/** What a gate's key opens, page by page as SQLite keeps it: also what was deleted and not written over. */
function openedFilesIn(folder: string): Buffer {
  const copies = mkdtempSync(join(tmpdir(), 'postern-opened-'));
  try {
    const opened = pathsIn(folder).flatMap((path) => {
      if (!path.endsWith('.db')) return [];
      const copy = join(copies, basename(path));
      for (const part of ['', '-wal']) if (existsSync(path + part)) copyFileSync(path + part, copy + part);
      const database = openDatabase(copy, { key: diskKey });
      database.pragma('journal_mode = DELETE');
      database.pragma("rekey = ''");
      database.close();
      return [readFileSync(copy)];
    });
    return Buffer.concat(opened);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

/** A sealed file of the gate in which somebody keeps a template as it is. */
function plantSealed(path: string, template: Uint8Array): void {
  const database = openDatabase(path, { key: diskKey });
  database.exec('CREATE TABLE planted (template BLOB)');
  database.prepare('INSERT INTO planted VALUES (?)').run(template);
  database.close();
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findGateFolder, type GateFolder } from '../../../../gate-agent/src/commands/gate-folder.ts';
import { journalPath, prepareEventFolder } from '../../../../gate-agent/src/event-folder.ts';
import {
  duration,
  readStatus,
  renderStatus,
  statusExitCode,
  type GateStatus,
} from '../../../../gate-agent/src/commands/status.ts';
import { silentLog } from '../../../support/cloud.ts';
import { temporaryFolder, writeMarks } from '../../../support/gate-store-harness.ts';
import { aMark, eveningMs } from '../../../support/marks.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const event = 7;
const toml = '[gate]\nid = "gate-a"\nevent = 7\nzone = "arena"\n[[lanes]]\nid = "main"\nreaders = ["sim://"]\n';

function createFolder(): GateFolder {
  const data = temporaryFolder();
  writeFileSync(join(data, 'gate.toml'), toml);
  const found = findGateFolder({ data, environment: {} });
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}

const journalOf = ({ data }: GateFolder): string => {
  prepareEventFolder(data, event);
  return journalPath(data, event);
};

const ask = async (folder: GateFolder, fetch?: typeof globalThis.fetch): Promise<GateStatus> => {
  const status = await readStatus(folder, {
    clock: createVirtualTime().clock,
    logger: silentLog,
    signal: new AbortController().signal,
    ...(fetch === undefined ? {} : { fetch }),
  });
  if (!status.ok) throw new Error(status.error.message);
  return status.value;
};

/** This test's own process stands for the agent. */
const startAgent = ({ data }: GateFolder): void =>
  writeFileSync(
    join(data, 'run.json'),
    JSON.stringify({ pid: process.pid, url: 'http://127.0.0.1:8137', boot: '00112233aabbccdd' }),
  );

const health = {
  state: 'yellow',
  gate: 'gate-a',
  name: 'Gate A',
  event: 7,
  zone: 'arena',
  upMs: 65_000,
  store: { healthy: true },
  clock: { trusted: true, text: 'trusted: signed server time, ±0.1 s' },
  problems: [{ severity: 'warn', what: 'the ticket list is 40 min old', next: 'connect the gate to the cloud' }],
  lanes: [{ id: 'main', direction: 'entry', state: 'idle' }],
  readers: [{ readerId: 'main-1', lane: 'main', state: 'running' }],
  feed: { version: 3, tickets: 450, changes: 2, ageMs: 2_400_000, expired: false },
  contact: { noContactSinceMs: eveningMs },
  offline: { entries: 320, outOfTouch: 12, alone: 3 },
};

test('a stopped gate tells from its databases what it has written down', async () => {
  const folder = createFolder();
  writeMarks(journalOf(folder), [aMark({ sequence: 1 }), aMark({ sequence: 2 })]);
  const status = await ask(folder);
  expect(status).toMatchObject({
    running: false,
    events: [{ event, marks: 2, lastEntryMs: eveningMs + 120_000, feed: { trouble: 'none yet' } }],
  });
  expect(statusExitCode(status)).toBe(1);
  const text = renderStatus(status).join('\n');
  expect(text).toMatch(/not running[\s\S]*2 marks in the journal, last entry 2026-09-21/);
  expect(text).toContain(`start it with: gate-agent run --config ${join(folder.data, 'gate.toml')} `);
});

test('a running gate is asked itself, and its problems come with what to do', async () => {
  const folder = createFolder();
  startAgent(folder);
  const status = await ask(folder, async () => Response.json(health));
  expect(statusExitCode(status)).toBe(0);
  const text = renderStatus(status).join('\n');
  expect(text).toContain('Gate A (gate-a, event 7, zone arena) for 65 s');
  expect(text).toContain('still admitting');
  expect(text).toContain('decided out of touch: 12 of 320 entries, 3 of them without any other gate');
  expect(text).toContain('version 3, 450 tickets and 2 changes, confirmed');
  expect(text).toMatch(/! the ticket list is 40 min old\n\s+→ connect the gate to the cloud/);
});

test('a running gate without a ticket list is not said to admit', async () => {
  const folder = createFolder();
  startAgent(folder);
  const text = renderStatus(await ask(folder, async () => Response.json({ ...health, feed: undefined }))).join('\n');
  expect(text).toContain('ticket list: none yet');
  expect(text).not.toContain('still admitting');
});

test.each([
  [
    { found: 2, answering: 2, refused: 1 },
    "2 gates found on the network, in touch with 2, 1 refused: not this deployment's",
  ],
  [{ found: 1, answering: 0, refused: 0 }, '1 gate found on the network, in touch with none'],
  [{ found: 0, answering: 3, refused: 0 }, 'none found on the network, in touch with 3'],
  [{ found: 0, answering: 0, refused: 0 }, 'none found on the network'],
])('of the other gates it says %j: %s', async (lan, text) => {
  const folder = createFolder();
  startAgent(folder);
  const status = await ask(folder, async () => Response.json({ ...health, contact: { ...health.contact, lan } }));
  expect(renderStatus(status)).toContain(`  other gates: ${text}`);
});

test('a red gate exits 1 although it runs', async () => {
  const folder = createFolder();
  startAgent(folder);
  expect(statusExitCode(await ask(folder, async () => Response.json({ ...health, state: 'red' })))).toBe(1);
});

test.each([
  ['does not answer', () => Promise.reject(new TypeError('fetch failed'))],
  ['answers something else', async () => Response.json({ hello: 1 })],
  ['answers no JSON', async () => new Response('<html>')],
])('an agent that %s is said to be stuck, not stopped', async (_what, fetch) => {
  const folder = createFolder();
  startAgent(folder);
  const status = await ask(folder, fetch);
  expect(status).toMatchObject({ running: true, health: undefined });
  expect(statusExitCode(status)).toBe(1);
  expect(renderStatus(status)[0]).toContain('does not answer');
});

test('what a killed agent left behind is not a running agent', async () => {
  const folder = createFolder();
  writeFileSync(
    join(folder.data, 'run.json'),
    JSON.stringify({ pid: 2 ** 30, url: 'http://127.0.0.1:8137', boot: '00112233aabbccdd' }),
  );
  expect((await ask(folder)).running).toBe(false);
});

test('a damaged journal and a broken configuration are one clear error each', async () => {
  const folder = createFolder();
  writeFileSync(journalOf(folder), 'not a database, but long enough to be read as one'.repeat(100));
  const deps = { clock: createVirtualTime().clock, logger: silentLog, signal: new AbortController().signal };
  expect(await readStatus(folder, deps)).toMatchObject({
    ok: false,
    error: { type: 'journal-unreadable', message: expect.stringContaining('doctor') },
  });
  writeFileSync(join(folder.data, 'gate.toml'), 'x');
  const broken = findGateFolder({ data: folder.data, environment: {} });
  expect(broken.ok && (await readStatus(broken.value, deps))).toMatchObject({
    ok: false,
    error: { type: 'config-invalid' },
  });
});

test('without a folder and without a gate.toml here it asks which gate is meant', () => {
  expect(findGateFolder({})).toMatchObject({
    ok: false,
    error: { type: 'gate-not-named', message: expect.stringContaining('--data') },
  });
});

test.each([
  [1_000, '1 s'],
  [119_000, '119 s'],
  [180_000, '3 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 days'],
])('%i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

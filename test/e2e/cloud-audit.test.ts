// Goal: `cloud-sync audit` proves a real service's log, names what was tampered with, and says so by its exit code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../cloud-sync/src/store/database.ts';
import { someEvent } from '../support/cloud.ts';
import { runCloud, temporaryFolder, type CloudProcess, type Finished } from '../support/cloud-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
let service: CloudProcess | undefined;
/** Shown at the first run only. */
let token = '';
const url = (): string => `sqlite:${join(folder.path, 'cloud.db')}`;
const audit = (...about: readonly string[]): Promise<Finished> =>
  runCloud('audit', ...about, '--database', url()).ended;

/** What an attacker with a copy of sqlite would do. */
async function tamper(statement: string): Promise<void> {
  const database = openDatabase(url());
  if (!database.ok) throw new Error(database.error.type);
  await sql.raw(statement).execute(database.value);
  await database.value.destroy();
}

/** A service that has recorded three things, and was killed or told to end. */
async function runService(signal: NodeJS.Signals): Promise<void> {
  service = runCloud('serve', '--database', url(), '--port', '0');
  const base = await service.ready;
  token ||= /postern_[0-9a-f_]+/.exec(service.out())?.[0] ?? '';
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const send = (method: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${base}${path}`, { method, headers, body: JSON.stringify(body) });
  await send('POST', '/api/events', { ...someEvent, event: 1 });
  for (const refusalsMin of [1, 2, 3])
    expect((await send('PUT', '/api/events/1/suspicion-rules', { travelMinMs: 0, refusalsMin })).status).toBe(200);
  service.kill(signal);
  await service.ended;
}

beforeAll(async () => {
  folder = temporaryFolder();
  await runService('SIGTERM');
});
afterAll(() => {
  service?.kill('SIGKILL');
  folder.remove();
});

describe('cloud-sync audit', () => {
  it('proves the log of a service that has ended, to the last entry', async () => {
    const { code, out, errors } = await audit('verify');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(out).toMatch(
      /^Proved: 6 entries in 1 chains, 1 signed heads, 0 erased personal fields\.\nSigned by: [0-9a-f]{16}\.\n$/,
    );
  });

  it('says how much is unsigned after a crash, until the next start signs it', async () => {
    await runService('SIGKILL');
    const crashed = await audit('verify');
    expect([crashed.code, crashed.out]).toEqual([0, expect.stringContaining('Not signed yet: the last 4 entries')]);
    await runService('SIGTERM');
    const { code, out } = await audit('verify');
    expect([code, out]).toEqual([0, expect.not.stringContaining('Not signed')]);
    expect(out).toContain('in 3 chains');
  });

  it('exports what somebody else needs, without personal fields, and holds against it', async () => {
    const { code, out } = await audit('export');
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const count = (key: string): number => lines.filter((line) => key in line).length;
    expect([count('chain'), count('entry'), count('head')]).toEqual([3, 15, 3]);
    expect(out).not.toContain('administrator');
    writeFileSync(join(folder.path, 'export.jsonl'), out);
    const held = await audit('verify', '--against', join(folder.path, 'export.jsonl'));
    expect([held.code, held.out]).toEqual([
      0,
      expect.stringContaining('Of the export: all 3 heads and 15 entries are still there.'),
    ]);
    const junk = join(folder.path, 'junk.jsonl');
    writeFileSync(junk, `${out}junk\n`);
    expect(await audit('verify', '--against', junk)).toMatchObject({
      code: 2,
      errors: `cloud-sync: ${junk} is not an export of this log (line 22); make one with cloud-sync audit export\n`,
    });
  });

  it('is missed by an earlier export when the newest chain was taken away whole', async () => {
    const newest = '(select id from audit_chain order by number desc limit 1)';
    for (const table of ['audit_entry', 'audit_field', 'audit_head'])
      await tamper(`delete from ${table} where chain = ${newest}`);
    await tamper(`delete from audit_chain where id = ${newest}`);
    expect((await audit('verify')).code).toBe(0);
    const { code, out } = await audit('verify', '--against', join(folder.path, 'export.jsonl'));
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^BROKEN: chain [0-9a-f]{32}, entry 1 began a chain in the export/),
    ]);
  });

  it('names the first row that was changed and exits with 1', async () => {
    await tamper("update audit_entry set actor = 'somebody' where sequence = 3");
    const { code, out } = await audit('verify');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /^BROKEN: chain [0-9a-f]{32}, entry 3 is not what its hash was made of, or follows another entry\.\n$/,
      ),
    ]);
  });

  it('exits with 2 and one message when it cannot look', async () => {
    for (const [about, message] of [
      [['--event', '99'], 'There is no such event'],
      [['--against', join(folder.path, 'nothing')], 'There is no file'],
    ] as const) {
      const { code, errors } = await audit('verify', ...about);
      expect([code, errors]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});

// The cloud as a process: what it prints, how it ends, and what it says when it cannot start.
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodePass } from '@postern/shared';
import { someEvent } from '../support/cloud.ts';
import { runCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';

let folder: ReturnType<typeof temporaryFolder>;
const running: CloudProcess[] = [];
const run = (...argumentList: readonly string[]): CloudProcess => {
  const started = runCloud(...argumentList);
  running.push(started);
  return started;
};
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const started of running) started.kill('SIGKILL');
  await Promise.all(running.splice(0).map((started) => started.ended));
  folder.remove();
});

const database = (): string => `sqlite:${join(folder.path, 'cloud.db')}`;
interface Entry {
  readonly action: string;
  readonly actor: string;
  readonly event: number;
  readonly details: string | null;
}
const tokenIn = (out: string): string => /postern_[0-9a-f_]+/.exec(out)?.[0] ?? '';

describe('cloud-sync serve', () => {
  it('prints how to sign in on its first run, and never again', async () => {
    const first = run('serve', '--database', database(), '--port', '0');
    const url = await first.ready;
    const token = tokenIn(first.out());
    expect(first.out()).toContain(`Sign in at   ${url}/`);
    expect((await fetch(`${url}/api/events`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
    first.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    const second = run('serve', '--database', database(), '--port', '0');
    const again = await second.ready;
    expect(tokenIn(second.out())).toBe('');
    expect((await fetch(`${again}/api/events`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
  });

  it('ends with open live streams at SIGTERM, with exit code 0 and nothing on standard error', async () => {
    const cloud = run('serve', '--database', database(), '--port', '0', '--log-level', 'warn');
    const url = await cloud.ready;
    const headers = { Authorization: `Bearer ${tokenIn(cloud.out())}`, 'Content-Type': 'application/json' };
    await fetch(`${url}/api/events`, { method: 'POST', headers, body: JSON.stringify(someEvent) });
    const stream = await fetch(`${url}/api/events/1/live`, { headers });
    const reader = stream.body?.getReader();
    await reader?.read();
    cloud.kill('SIGTERM');
    expect(await cloud.ended).toMatchObject({ code: 0, errors: '' });
    await reader?.cancel();
  });

  it('says in one message that the port is in use and what to do', async () => {
    const first = run('serve', '--database', database(), '--port', '0');
    const { port } = new URL(await first.ready);
    const other = temporaryFolder();
    const second = await run('serve', '--database', `sqlite:${join(other.path, 'cloud.db')}`, '--port', port).ended;
    other.remove();
    expect(second).toMatchObject({
      code: 2,
      errors: `cloud-sync: port ${port} is in use. Stop whatever listens there, or choose another one with --port.\n`,
    });
  });

  it.each([
    [['--port', 'many'], '--port or POSTERN_CLOUD_PORT'],
    [
      ['--database', 'mysql://db/postern'],
      '--database or POSTERN_CLOUD_DATABASE: must read sqlite:FILE or postgres://',
    ],
    [['--public-url', 'ftp://cloud'], '--public-url or POSTERN_CLOUD_PUBLIC_URL'],
  ])('names the setting that is wrong: %j', async (flags, named) => {
    const finished = await run('serve', '--data', folder.path, ...flags).ended;
    expect(finished.code).toBe(2);
    expect(finished.errors).toContain(named);
  });

  it('says what is wrong with a database that is none', async () => {
    writeFileSync(
      join(folder.path, 'cloud.db'),
      'this is not a database, but it is long enough to look at'.repeat(100),
    );
    const finished = await run('serve', '--database', database(), '--port', '0').ended;
    expect(finished).toMatchObject({ code: 2 });
    expect(finished.errors).toMatch(/^cloud-sync: cannot use the database: .*not a database/);
  });
});

describe('the command line', () => {
  it('makes an event, issues tickets with their pictures and publishes them', async () => {
    const data = ['--data', folder.path];
    const file = join(folder.path, 'event.json');
    const pictures = join(folder.path, 'codes');
    mkdirSync(pictures);
    writeFileSync(file, JSON.stringify(someEvent));
    expect(JSON.parse((await run('event', ...data, '--file', file).ended).out)).toEqual({
      event: 1,
      name: 'Test night',
    });
    const issued = await run('issue', ...data, '--event', '1', '--type', '1', '--count', '2', '--out', pictures).ended;
    const [first, second, ...others] = issued.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; text: string; shortCode: string });
    expect([second === undefined, others]).toEqual([false, []]);
    expect(decodePass(first?.text ?? '', () => undefined)).toMatchObject({ error: { type: 'key-unknown' } });
    for (const ending of ['svg', 'png'])
      expect(statSync(join(pictures, `${first?.id}.${ending}`)).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await run('feed', 'publish', ...data, '--event', '1').ended).out)).toMatchObject({
      event: 1,
      version: 1,
      tickets: 2,
    });
    expect((await run('event', ...data).ended).out).toBe('1\tTest night\t2 tickets\n');
    expect((await run('migrate', ...data).ended).out).toBe('The database is up to date.\n');

    const tokens = [await run('token', ...data).ended, await run('token', ...data).ended];
    expect(tokens.map(({ out }) => tokenIn(out) === '')).toEqual([false, false]);
    expect(tokens.map(({ errors }) => errors)).toEqual(['', expect.stringContaining('replaces the one before')]);
    const recorded = (await run('audit', 'export', ...data).ended).out
      .split('\n')
      .flatMap((line) => (line.startsWith('{"entry"') ? [(JSON.parse(line) as { entry: Entry }).entry] : []))
      .filter(({ action }) => !action.startsWith('chain-'))
      .map(({ action, actor, event, details }) => [action, actor, event, details]);
    expect(recorded).toEqual([
      ['event-created', 'cloud-sync', 1, null],
      ['ticket-created', 'cloud-sync', 1, '{"tickets":2}'],
      ['feed-published', 'cloud-sync', 1, null],
      ['user-changed', 'cloud-sync', 0, '{"what":"token"}'],
      ['user-changed', 'cloud-sync', 0, '{"what":"token"}'],
    ]);

    for (const command of [['audit', 'export'], ['audit', 'verify'], ['event']]) {
      const unread = run(...command, ...data);
      unread.stopReading();
      expect(await unread.ended).toMatchObject({ code: 0, errors: '' });
    }
    expect((await run('audit', 'rebuild', ...data, '--event', '1').ended).out).toMatch(
      /^Event 1: 0 tickets, 0 cases and 0 uses made anew\.\nThe projection was right: its hash is [0-9a-f]{64}\.\n$/,
    );
    expect((await run('audit', 'rotate-key', ...data).ended).out).toMatch(
      /^The key [0-9a-f]{16} signs the audit log from now on\.\nRestart /,
    );
  });

  it('binds the bands of a file beside a running service, which lets in on them', async () => {
    const cloud = run('serve', '--database', database(), '--port', '0');
    const url = await cloud.ready;
    const headers = { Authorization: `Bearer ${tokenIn(cloud.out())}`, 'Content-Type': 'application/json' };
    const post = async (path: string, body: unknown): Promise<{ readonly id?: string; readonly success?: boolean }> =>
      (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
    await post('/api/events', someEvent);
    const { id } = await post('/api/tickets', { event: 1, type: 1 });
    const file = join(folder.path, 'bands.csv');
    const load = (...options: readonly string[]): CloudProcess['ended'] =>
      run('import-bands', file, '--event', '1', '--database', database(), ...options).ended;
    writeFileSync(file, `ble;ticket\nb0a1;${id}\nzz;${id}\n`);
    const wrong = await load();
    expect([wrong.code, wrong.errors]).toEqual([
      1,
      expect.stringMatching(/^line 3: .*\n2 bands: 0 bound, .*1 wrong\n$/),
    ]);
    writeFileSync(file, `ble;ticket\nb0a1;${id}\n`);
    expect(await load('--dry-run')).toMatchObject({ code: 0, out: '1 bands: 1 would be bound, 0 bound already\n' });
    expect(await load()).toMatchObject({ code: 0, out: '1 bands: 1 bound, 0 bound already\n', errors: '' });
    expect(await load()).toMatchObject({ code: 0, out: '1 bands: 0 bound, 1 bound already\n' });
    const verified = await post(`/api/tickets/${id}/methods/ble/verify`, { presented_data: 'B0:A1' });
    expect(verified).toMatchObject({ success: true });
    writeFileSync(file, 'no,such,columns\n');
    expect(await load()).toMatchObject({ code: 2, errors: expect.stringContaining('names the columns') });
  });

  it('does nothing with an option that it does not have', async () => {
    expect(await run('event', '--databse', database()).ended).toEqual({
      code: 2,
      out: '',
      errors: 'cloud-sync: there is no option --databse; see cloud-sync event --help\n',
    });
  });

  it('says where an event file does not fit', async () => {
    const file = join(folder.path, 'event.json');
    writeFileSync(file, JSON.stringify({ ...someEvent, zonez: [] }));
    const finished = await run('event', '--data', folder.path, '--file', file).ended;
    expect([finished.code, finished.errors]).toEqual([2, expect.stringContaining('zonez')]);
  });

  it('makes no database where there is none, but says which it misses', async () => {
    const data = join(folder.path, 'typo');
    const commands = [
      ['audit', 'verify'],
      ['event'],
      ['issue', '--event', '1', '--type', '1'],
      ['rotate-keys', '--list'],
    ];
    const ends = await Promise.all(commands.map((command) => run(...command, '--data', data).ended));
    for (const { code, out, errors } of ends)
      expect([code, out, errors]).toEqual([
        2,
        '',
        expect.stringContaining(`There is no database ${join(data, 'cloud.db')}. `),
      ]);
    expect(existsSync(data)).toBe(false);
  });
});

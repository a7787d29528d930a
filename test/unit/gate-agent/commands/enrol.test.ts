import { createHash, randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createClockTrust } from '../../../../gate-agent/src/clock-trust.ts';
import { clockFilePath, readClockFile } from '../../../../gate-agent/src/clock-file.ts';
import { enrol, type EnrolDeps, type EnrolOptions } from '../../../../gate-agent/src/commands/enrol.ts';
import { discoversGates, loadConfig } from '../../../../gate-agent/src/config.ts';
import { loadIdentity } from '../../../../gate-agent/src/identity.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../../support/cloud.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

const url = 'https://tickets.example.org';

/** A cloud with one event, and a gate's machine that reaches it as `url`. */
async function createScene() {
  const cloud = await createTestCloud();
  onTestFinished(() => cloud.close());
  const { event } = await cloud.json<{ event: number }>('POST', '/api/events', someEvent);
  const folder = join(temporaryFolder(), 'gate');
  const deps: EnrolDeps = {
    clock: cloud.time.clock,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    machineBoot: 'machine-boot-1',
    fetch: fetchFrom(cloud),
  };
  return {
    cloud,
    event,
    folder,
    deps,
    invite: async (
      id = 'gate-a',
      lanes: readonly object[] = [
        { id: 'main', readers: ['camera:///dev/video0'], actuator: 'none://', passageTimeoutMs: 5_000 },
      ],
    ) =>
      (
        await cloud.json<{ code: string }>('POST', `/admin/events/${event}/gates`, {
          id,
          name: `Gate "${id}"`,
          zone: 'arena',
          lanes,
        })
      ).code,
    enrol: (options: Partial<EnrolOptions>, other: Partial<EnrolDeps> = {}) =>
      enrol({ url, data: folder, ...options }, { ...deps, ...other }),
  };
}

const fetchFrom =
  (cloud: TestCloud): typeof fetch =>
  async (input, init) => {
    const path = addressOf(input).replace(url, '');
    return cloud.cloud.app.request(path, {
      method: init?.method ?? 'GET',
      headers: init?.headers ?? {},
      body: init?.body ?? null,
    });
  };
const addressOf = (input: string | URL | Request): string => new Request(input).url;
const answering =
  (status: number, body: string): typeof fetch =>
  async () =>
    new Response(body, { status });
const failingWith =
  (code: string): typeof fetch =>
  async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
  };

test('a code buys a certificate for a key that only this folder has, and the lanes come along', async () => {
  const scene = await createScene();
  const enrolled = await scene.enrol({ code: await scene.invite() });
  expect(enrolled).toMatchObject({
    ok: true,
    value: { gate: { id: 'gate-a', zone: 'arena' }, config: 'written', todo: [] },
  });
  const identity = await loadIdentity(scene.folder);
  expect(identity).toMatchObject({ ok: true, value: { cloud: url, event: { id: scene.event, name: 'Test night' } } });
  expect(statSync(join(scene.folder, 'identity/device-key.pem')).mode & 0o777).toBe(0o600);
  expect(loadConfig(join(scene.folder, 'gate.toml'), {})).toMatchObject({
    ok: true,
    value: {
      gate: { id: 'gate-a', name: 'Gate "gate-a"', event: scene.event, data: scene.folder },
      cloud: { url },
      lanes: [{ id: 'main', direction: 'entry', readers: ['camera:///dev/video0'], passageTimeoutMs: 5_000 }],
    },
  });
});

test('the gate is reached by other gates at the documented port, at another one, or not at all', async () => {
  const scene = await createScene();
  const lanOf = () => {
    const config = loadConfig(join(scene.folder, 'gate.toml'), {});
    return config.ok ? { listen: config.value.lan.listen, discovers: discoversGates(config.value) } : config.error;
  };
  await scene.enrol({ code: await scene.invite() });
  expect(lanOf()).toEqual({ listen: '0.0.0.0:7443', discovers: true });
  await scene.enrol({ code: await scene.invite(), lan: '[fe80::1]:7444', force: true });
  expect(lanOf()).toEqual({ listen: '[fe80::1]:7444', discovers: true });
  await scene.enrol({ code: await scene.invite(), lan: 'off', force: true });
  expect(lanOf()).toEqual({ listen: undefined, discovers: false });
});

test.each(['', '7443', '0.0.0.0', '0.0.0.0:70000', 'on'])(
  '--lan %j is named, and no code is spent for it',
  async (lan) => {
    const scene = await createScene();
    const code = await scene.invite();
    expect(await scene.enrol({ code, lan })).toMatchObject({
      ok: false,
      error: { type: 'lan-invalid', message: expect.stringContaining('0.0.0.0:7443, or off') },
    });
    expect((await scene.enrol({ code })).ok).toBe(true);
  },
);

test('the gate knows the time from then on, until the machine is switched off', async () => {
  const scene = await createScene();
  await scene.enrol({ code: await scene.invite() });
  const saved = await readClockFile(clockFilePath(scene.folder));
  expect(createClockTrust({ clock: scene.deps.clock, machineBoot: 'machine-boot-1', saved }).now()).toMatchObject({
    trusted: true,
    source: 'server',
  });
  expect(createClockTrust({ clock: scene.deps.clock, machineBoot: 'machine-boot-2', saved }).now().trusted).toBe(false);
});

test('the link of the QR code is enough', async () => {
  const scene = await createScene();
  expect((await scene.enrol({ url: `${url}/#${await scene.invite()}` })).ok).toBe(true);
});

test('an existing gate.toml is left as it is and said so, unless it is forced', async () => {
  const scene = await createScene();
  await scene.enrol({ code: await scene.invite() });
  const path = join(scene.folder, 'gate.toml');
  writeFileSync(path, '# mine\n');
  expect(await scene.enrol({ code: await scene.invite() })).toMatchObject({
    ok: true,
    value: { config: 'kept', todo: [expect.stringContaining('--force')] },
  });
  expect(readFileSync(path, 'utf8')).toBe('# mine\n');
  expect(await scene.enrol({ code: await scene.invite(), force: true })).toMatchObject({
    ok: true,
    value: { config: 'written' },
  });
  expect(readFileSync(path, 'utf8')).toContain('[[lanes]]');
});

test('a folder does not become another gate by mistake', async () => {
  const scene = await createScene();
  await scene.enrol({ code: await scene.invite('gate-a') });
  const before = hashOf(join(scene.folder, 'identity/identity.json'));
  expect(await scene.enrol({ code: await scene.invite('gate-b') })).toMatchObject({
    ok: false,
    error: { type: 'folder-of-another-gate', message: expect.stringContaining('gate-b') },
  });
  expect(hashOf(join(scene.folder, 'identity/identity.json'))).toBe(before);
});

test('a broken-off enrolment keeps its key for the next attempt', async () => {
  const scene = await createScene();
  const code = await scene.invite();
  expect(await scene.enrol({ code }, { fetch: failingWith('ECONNRESET') })).toMatchObject({
    ok: false,
    error: { type: 'cloud-unreachable' },
  });
  const key = hashOf(join(scene.folder, 'identity/device-key.pem'));
  expect((await scene.enrol({ code })).ok).toBe(true);
  expect(hashOf(join(scene.folder, 'identity/device-key.pem'))).toBe(key);
});

test('a lane without a reader gets one that reads nothing, and a person is told', async () => {
  const scene = await createScene();
  expect(await scene.enrol({ code: await scene.invite('gate-a', [{ id: 'main' }]) })).toMatchObject({
    ok: true,
    value: { todo: [expect.stringContaining('lane main')] },
  });
  expect(loadConfig(join(scene.folder, 'gate.toml'), {}).ok).toBe(true);
});

test('a wrong, a used and an expired code say so and what to do', async () => {
  const scene = await createScene();
  const refused = {
    ok: false,
    error: { type: 'code-invalid', message: expect.stringContaining('make a new one in the cloud') },
  };
  expect(await scene.enrol({ code: 'WRON-GCOD-E123' })).toMatchObject(refused);
  const used = await scene.invite();
  await scene.enrol({ code: used });
  expect(await scene.enrol({ code: used })).toMatchObject(refused);
  const old = await scene.invite();
  await scene.cloud.time.advance(31 * 60_000);
  expect(await scene.enrol({ code: old })).toMatchObject(refused);
});

test.each([
  [
    'an address of another kind',
    { url: 'ftp://tickets.example.org', code: 'E520-FYH8-VZB8' },
    'address-invalid',
    /https:\/\//,
  ],
  ['no address', { url: 'tickets', code: 'E520-FYH8-VZB8' }, 'address-invalid', /https:\/\//],
  [
    'an address with a password',
    { url: 'https://a:b@tickets.example.org', code: 'E520-FYH8-VZB8' },
    'address-invalid',
    /https:\/\//,
  ],
  ['no code', { url }, 'code-missing', /URL CODE/],
  ['a code with strange characters', { url, code: 'E520_FYH8;VZB8' }, 'code-malformed', /Copy it again/],
])('%s is refused before anything is sent', async (_what, options, type, message) => {
  const scene = await createScene();
  const sent: string[] = [];
  const watch: typeof fetch = async (input) => (sent.push(addressOf(input)), new Response(''));
  expect(await scene.enrol(options, { fetch: watch })).toMatchObject({
    ok: false,
    error: { type, message: expect.stringMatching(message) },
  });
  expect(sent).toEqual([]);
});

test.each([
  ['nobody answers', failingWith('ECONNREFUSED'), 'cloud-unreachable', /check the address, its port/],
  ['the name is unknown', failingWith('ENOTFOUND'), 'cloud-unreachable', /spelling/],
  ['the certificate is not accepted', failingWith('DEPTH_ZERO_SELF_SIGNED_CERT'), 'cloud-unreachable', /date/],
  ['a web server answers', answering(404, '<h1>Not found</h1>'), 'not-a-cloud', /check the address/],
  ['a captive portal answers', answering(200, '<h1>Wi-Fi login</h1>'), 'not-a-cloud', /check the address/],
  ['a flood answers', answering(200, 'x'.repeat(300_000)), 'not-a-cloud', /check the address/],
  ['the cloud has a fault', answering(500, ''), 'cloud-failed', /log/],
  [
    'too many have tried',
    answering(429, '{"type":"attempts-exhausted","title":"","status":429}'),
    'attempts-exhausted',
    /wait a minute/,
  ],
])('when %s, one sentence says what to do', async (_what, fetch, type, message) => {
  const scene = await createScene();
  const failed = await scene.enrol({ code: 'E520-FYH8-VZB8' }, { fetch });
  expect(failed).toMatchObject({ ok: false, error: { type, message: expect.stringMatching(message) } });
  expect(await loadIdentity(scene.folder)).toMatchObject({ ok: false, error: { type: 'not-enrolled' } });
});

test('an answer whose time or certificate is not for this request is not believed', async () => {
  const scene = await createScene();
  const answers: Record<string, unknown>[] = [];
  const record: typeof fetch = async (input, init) => {
    const response = await fetchFrom(scene.cloud)(input, init);
    answers.push((await response.clone().json()) as Record<string, unknown>);
    return response;
  };
  await scene.enrol({ code: await scene.invite(), data: join(scene.folder, 'other') }, { fetch: record });
  expect(
    await scene.enrol({ code: 'E520-FYH8-VZB8' }, { fetch: answering(200, JSON.stringify(answers[0])) }),
  ).toMatchObject({ ok: false, error: { type: 'answer-untrusted' } });
  const swap: typeof fetch = async (input, init) => {
    const fresh = (await (await fetchFrom(scene.cloud)(input, init)).json()) as Record<string, unknown>;
    return Response.json({ ...fresh, certificate: answers[0]?.certificate });
  };
  expect(await scene.enrol({ code: await scene.invite() }, { fetch: swap })).toMatchObject({
    ok: false,
    error: { type: 'answer-untrusted', message: expect.stringContaining('another gate') },
  });
});

test('root does not write into the folder of the service user', async () => {
  const scene = await createScene();
  mkdirSync(scene.folder);
  // Only root can give a folder away; for anybody else it is somebody else's than root's already.
  if (process.geteuid?.() === 0) chownSync(scene.folder, 1_234, 1_234);
  expect(await scene.enrol({ code: await scene.invite() }, { userId: 0 })).toMatchObject({
    ok: false,
    error: { type: 'wrong-user', message: expect.stringContaining('sudo -u') },
  });
});

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { admissionPolicySchema, err, ok, type CloudAddress } from '@postern/shared';
import { describe, expect, onTestFinished, test } from 'vitest';
import { doctorExitCode, examine, renderFinding, renderVerdict } from '../../../../gate-agent/src/commands/doctor.ts';
import { checkFaces } from '../../../../gate-agent/src/commands/doctor-face.ts';
import { checkReader } from '../../../../gate-agent/src/commands/doctor-devices.ts';
import type { DoctorDeps, Finding } from '../../../../gate-agent/src/commands/doctor-finding.ts';
import type { ProbeNfc } from '../../../../gate-agent/src/commands/doctor-nfc.ts';
import { enrol } from '../../../../gate-agent/src/commands/enrol.ts';
import { findGateFolder } from '../../../../gate-agent/src/commands/gate-folder.ts';
import { parseConfig } from '../../../../gate-agent/src/config.ts';
import { diskKeyPath, findDiskKey, makeDiskKey, noteSealed } from '../../../../gate-agent/src/disk-key.ts';
import { feedFolder, journalPath, prepareEventFolder, replicaPath } from '../../../../gate-agent/src/event-folder.ts';
import { noteRevoked } from '../../../../gate-agent/src/revocation.ts';
import { openFeedCache } from '../../../../gate-agent/src/store/feed-cache.ts';
import { sealFolder } from '../../../../gate-agent/src/store/seal-folder.ts';
import { createSystemRandom } from '../../../../gate-agent/src/system.ts';
import {
  announce,
  buildSnapshot,
  feedEvent,
  feedKeys,
  feedPolicy,
  generatedTicket,
  signedManifest,
} from '../../../../scripts/lib/build-feed.ts';
import { createTestCloud, silentLog, someEvent } from '../../../support/cloud.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';
import { makeUnsealedFolder } from '../../../support/unsealed-folder.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const url = 'https://tickets.example.org';
const gb = 1024 ** 3;
const unreachable: typeof fetch = async () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ENETUNREACH' }) });
};

/** A folder with this gate.toml, and a machine on which all else is well. */
function createMachine({ toml = gateToml(), folder = temporaryFolder() } = {}) {
  writeFileSync(join(folder, 'gate.toml'), toml);
  return {
    folder,
    examine: (other: Partial<DoctorDeps> = {}): Promise<readonly Finding[]> => {
      const found = findGateFolder({ data: folder, environment: {} });
      if (!found.ok) throw new Error(found.error.message);
      return examine({
        folder: found.value,
        clock: createVirtualTime().clock,
        random: (bytes) => new Uint8Array(randomBytes(bytes)),
        machineBoot: 'boot-1',
        logger: silentLog,
        signal: new AbortController().signal,
        nodeVersion: 'v20.19.0',
        userId: undefined,
        freeBytes: async () => 10 * gb,
        hasProgram: () => true,
        probeNfc: async () => ok('ACS ACR122U PICC 00 00'),
        hasPackage: () => true,
        hasFaceModels: () => true,
        fetch: unreachable,
        ...other,
      });
    },
  };
}

const gateToml = ({ readers = '"sim://"', actuator = 'none://', port = 0, more = '', lane = '' } = {}): string => `
[gate]
id = "gate-a"
event = 1
zone = "arena"
[cloud]
url = "${url}"
[local]
port = ${port}
${more}
[[lanes]]
id = "main"
readers = [${readers}]
actuator = "${actuator}"
${lane}
`;

const addressOf = (input: string | URL | Request): string => new Request(input).url;
const about = (findings: readonly Finding[], name: string): readonly Finding[] =>
  findings.filter((finding) => finding.about === name);

test('an enrolled gate in reach of its cloud lacks only the ticket list', async () => {
  const cloud = await createTestCloud();
  onTestFinished(() => cloud.close());
  const { event } = await cloud.json<{ event: number }>('POST', '/api/events', someEvent);
  const { code } = await cloud.json<{ code: string }>('POST', `/admin/events/${event}/gates`, {
    id: 'gate-a',
    name: 'Gate A',
    zone: 'arena',
    lanes: [{ id: 'main', readers: ['stdin://'] }],
  });
  const fetchCloud: typeof fetch = async (input, init) =>
    cloud.cloud.app.request(addressOf(input).replace(url, ''), {
      method: 'POST',
      headers: init?.headers ?? {},
      body: init?.body ?? null,
    });
  const folder = temporaryFolder();
  const { clock } = cloud.time;
  const enrolled = await enrol(
    { url, code, data: folder, lan: 'off' },
    { clock, random: (bytes) => new Uint8Array(randomBytes(bytes)), machineBoot: 'boot-1', fetch: fetchCloud },
  );
  expect(enrolled.ok).toBe(true);
  const found = findGateFolder({ data: folder, environment: { POSTERN_LOCAL_PORT: '0' } });
  if (!found.ok) throw new Error(found.error.message);
  const findings = await createMachine().examine({ folder: found.value, clock, fetch: fetchCloud });
  expect(findings.filter(({ level }) => level !== 'ok').map(({ about }) => about)).toEqual(['ticket list']);
  expect(about(findings, 'cloud')[0]?.text).toContain('signed by the key this gate knows');
  expect(about(findings, 'clock')[0]?.text).toContain('signed server time');
  expect(doctorExitCode(findings)).toBe(1);
});

describe('at rest', () => {
  const examineIn = async (folder: string): Promise<Finding | undefined> =>
    about(await createMachine({ folder }).examine(), 'at rest')[0];

  test('without a key it says how to make one', async () => {
    expect(await examineIn(temporaryFolder())).toMatchObject({
      level: 'warn',
      next: expect.stringContaining('identity/disk-key') as string,
    });
  });

  test('a key that others can read, a lost one and a wrong one are failures', async () => {
    const folder = temporaryFolder();
    await makeDiskKey(folder, createSystemRandom());
    expect(await examineIn(folder)).toMatchObject({
      level: 'ok',
      text: expect.stringContaining('same disk') as string,
    });
    chmodSync(diskKeyPath(folder), 0o644);
    expect(await examineIn(folder)).toMatchObject({ level: 'fail', next: `chmod 600 ${diskKeyPath(folder)}` });
    await noteSealed(folder, '0'.repeat(64));
    chmodSync(diskKeyPath(folder), 0o600);
    expect(await examineIn(folder)).toMatchObject({
      level: 'fail',
      text: expect.stringContaining('not the key') as string,
    });
    rmSync(diskKeyPath(folder));
    expect(await examineIn(folder)).toMatchObject({
      level: 'fail',
      text: expect.stringContaining('not here') as string,
    });
  });

  test('a database that is not encrypted yet is named until it is', async () => {
    const folder = temporaryFolder();
    await makeUnsealedFolder(folder);
    await makeDiskKey(folder, createSystemRandom());
    expect(await examineIn(folder)).toMatchObject({
      level: 'warn',
      next: expect.stringContaining('restart') as string,
    });
    const found = findDiskKey({ data: folder, keyFile: undefined, credentials: [] });
    const key = found.ok ? (found.value.key ?? '') : '';
    await noteSealed(folder, key);
    expect((await examineIn(folder))?.text).toContain('journal.db');
    await sealFolder(folder, { key, logger: silentLog, signal: new AbortController().signal });
    expect(await examineIn(folder)).toMatchObject({ level: 'ok' });
  });
});

test('every finding that is not well says what to do next', async () => {
  const findings = await createMachine({ toml: gateToml({ actuator: 'sim://t' }) }).examine({
    freeBytes: async () => 10,
    nodeVersion: 'v18.1.0',
  });
  expect(findings.filter(({ level, next }) => level !== 'ok' && (next ?? '') === '')).toEqual([]);
  expect(findings.filter(({ level }) => level === 'fail').map(({ about }) => about)).toEqual([
    'Node',
    'disk',
    'identity',
    'ticket list',
  ]);
});

test('a gate without network is warned of, not failed: it works without', async () => {
  const [finding] = about(await createMachine().examine(), 'cloud');
  expect(finding).toMatchObject({
    level: 'warn',
    text: expect.stringContaining('ENETUNREACH'),
    next: expect.stringContaining('works without'),
  });
});

test('a cloud that signs with other keys fails', async () => {
  const stranger = await createTestCloud();
  onTestFinished(() => stranger.close());
  const fetchStranger: typeof fetch = async (_input, init) =>
    stranger.cloud.app.request('/time', { method: 'POST', headers: init?.headers ?? {}, body: init?.body ?? null });
  expect(about(await createMachine().examine({ fetch: fetchStranger }), 'cloud')[0]).toMatchObject({
    level: 'fail',
    text: expect.stringContaining('not with the keys'),
  });
});

test('a typo in the configuration is shown with its line, and machine findings still come', async () => {
  const findings = await createMachine({ toml: gateToml({ more: 'prot = 1' }) }).examine();
  expect(about(findings, 'configuration')).toMatchObject([
    {
      level: 'fail',
      text: expect.stringMatching(/gate\.toml:10: "prot" is not known in \[local\]; did you mean "port"\?/),
    },
  ]);
  expect(about(findings, 'disk')).toHaveLength(1);
});

test('a folder that is not there fails with how to get one, and nothing else is wrong', async () => {
  const machine = createMachine();
  rmSync(machine.folder, { recursive: true });
  const freeBytes = async (path: string): Promise<number> => {
    expect(existsSync(path)).toBe(true);
    return 10 * gb;
  };
  const findings = await machine.examine({ freeBytes });
  expect(findings.filter(({ level }) => level !== 'ok')).toMatchObject([
    {
      about: 'data folder',
      text: `${machine.folder} does not exist`,
      next: expect.stringContaining('gate-agent enrol'),
    },
    { about: 'configuration', text: expect.stringMatching(/gate\.toml: is not there; .*gate-agent enrol/) },
  ]);
});

test('of a revoked gate it names the file to carry, and nothing that would be mended in vain', async () => {
  const machine = createMachine({ toml: gateToml({ readers: '"camera:///dev/video9"' }) });
  mkdirSync(join(machine.folder, 'sealed'));
  writeFileSync(join(machine.folder, 'sealed', 'postern-event-1-gate-a.sealed'), 'x');
  await noteRevoked(machine.folder, { atMs: 1_790_000_000_000, sealKey: undefined, sealed: true, wiped: false });
  const findings = await machine.examine();
  expect(findings.at(-1)).toMatchObject({ level: 'fail', about: 'revoked', next: expect.stringContaining('.sealed') });
  expect(findings.filter(({ about }) => about.startsWith('lane') || about === 'ticket list')).toEqual([]);
});

test('a folder and a key that others can read are told', async () => {
  const machine = createMachine();
  mkdirSync(join(machine.folder, 'identity'));
  writeFileSync(join(machine.folder, 'identity/device-key.pem'), 'x');
  chmodSync(join(machine.folder, 'identity/device-key.pem'), 0o644);
  chmodSync(machine.folder, 0o755);
  const findings = await machine.examine();
  expect(about(findings, 'data folder')).toMatchObject([{ level: 'warn', next: expect.stringContaining('chmod 700') }]);
  expect(about(findings, 'device key')).toMatchObject([{ level: 'fail', next: expect.stringContaining('chmod 600') }]);
});

test('a journal and a replica that are no databases fail, each with what to do', async () => {
  const machine = createMachine();
  prepareEventFolder(machine.folder, 1);
  for (const path of [journalPath, replicaPath]) writeFileSync(path(machine.folder, 1), randomBytes(8_192));
  const findings = await machine.examine();
  expect(about(findings, 'journal')).toMatchObject([{ level: 'fail', next: expect.stringContaining('keep') }]);
  expect(about(findings, 'replica')).toMatchObject([{ level: 'fail', next: expect.stringContaining('learned anew') }]);
});

test('a port in use fails and says how to find who has it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const findings = await createMachine({ toml: gateToml({ port }) }).examine();
  expect(about(findings, 'local port')).toMatchObject([
    { level: 'fail', text: expect.stringContaining('EADDRINUSE'), next: expect.stringContaining('ss -ltnp') },
  ]);
});

test('a LAN port in use is warned of: the gate lets people in without', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const findings = await createMachine({
    toml: gateToml({ more: `[lan]\nlisten = "127.0.0.1:${port}"` }),
  }).examine();
  expect(about(findings, 'other gates')).toMatchObject([
    { level: 'warn', text: expect.stringContaining('EADDRINUSE'), next: expect.stringContaining('[lan] listen') },
  ]);
});

test('one standard input for two lanes fails', async () => {
  const findings = await createMachine({ toml: gateToml({ readers: '"stdin://", "stdin://"' }) }).examine();
  expect(about(findings, 'readers')).toMatchObject([{ level: 'fail' }]);
});

describe('NFC', () => {
  const examineReader = (readers: string, probe: ProbeNfc, more = '') =>
    createMachine({ toml: gateToml({ readers, more }) }).examine({ probeNfc: probe });
  const missing: ProbeNfc = async (wanted) =>
    err({ type: 'reader-missing', cause: `no reader ${wanted}`, remedy: 'plug it in' });

  test('a reader is asked for by the part of its name, and named in full', async () => {
    const findings = await examineReader('"pcsc://ACS%20ACR"', async (wanted) => ok(`${wanted}122U 00 00`));
    expect(about(findings, 'lane main')).toContainEqual(
      expect.objectContaining({ level: 'ok', text: 'reader pcsc://ACS%20ACR: ACS ACR122U 00 00' }),
    );
  });

  test('one that is not there, or has no readable name, fails with what to do', async () => {
    expect(about(await examineReader('"pcsc://ACS"', missing), 'lane main')).toContainEqual(
      expect.objectContaining({ level: 'fail', text: 'reader pcsc://ACS: no reader ACS', next: 'plug it in' }),
    );
    expect(about(await examineReader('"pcsc://%"', missing), 'lane main')).toContainEqual(
      expect.objectContaining({ level: 'fail', next: 'correct readers in gate.toml' }),
    );
  });

  test('one reader for two lanes fails', async () => {
    expect(about(await examineReader('"pcsc://", "pcsc://"', missing), 'readers')).toMatchObject([{ level: 'fail' }]);
  });

  test('keys that cannot be used fail without showing any, keys that everybody can read are a warning', async () => {
    const path = join(temporaryFolder(), 'sun-keys.toml');
    const more = `[nfc]\nsunKeyFile = "${path}"`;
    const secret = '00112233445566778899aabbccddeeff';
    const keysFound = async (): Promise<readonly Finding[]> =>
      about(await examineReader('"sim://"', missing, more), 'NFC keys');
    expect(await keysFound()).toMatchObject([{ level: 'fail', text: expect.stringContaining('ENOENT') }]);
    for (const text of [`metaReadKey = "${secret}"`, `metaReadKey = ${secret}\n`, `fileReadKey = "${secret}0"`]) {
      writeFileSync(path, text, { mode: 0o600 });
      const [finding] = await keysFound();
      expect(finding?.level).toBe('fail');
      expect(JSON.stringify(finding)).not.toContain(secret);
    }
    writeFileSync(path, `metaReadKey = "${secret}"\nfileReadKey = "${secret}"\n`);
    expect(await keysFound()).toMatchObject([{ level: 'ok' }]);
    chmodSync(path, 0o644);
    expect(await keysFound()).toMatchObject([{ level: 'warn', next: expect.stringContaining('chmod 600') }]);
  });
});

test.each([
  ['camera:///dev/video9', true, 'fail', /no \/dev\/video9/],
  ['camera:///dev/null', true, 'ok', /ffmpeg and the camera/],
  ['camera:///dev/null', false, 'fail', /needs ffmpeg/],
  ['camera://rpicam', false, 'fail', /needs rpicam-vid/],
  ['camera://rpicam', true, 'ok', /rpicam-vid is there/],
  ['camera:///dev/video0?fsp=3', true, 'fail', /"fsp"/],
  ['camera+unix:///nowhere/socket', true, 'warn', /nobody offers/],
  ['ble://hci97', true, 'fail', /no \/sys\/class\/bluetooth\/hci97/],
  ['ble:///dev/null', true, 'ok', /Bluetooth adapter are there/],
  ['ble://hci0?rsi=-50', true, 'fail', /"rsi"/],
  ['floppy://x', true, 'fail', /no known kind/],
  ['hid://x', true, 'fail', /VENDOR:PRODUCT/],
  ['serial://x', true, 'fail', /comes a device/],
  ['evdev://x', true, 'fail', /comes a keyboard/],
  ['evdev:///dev/input/none', true, 'fail', /no \/dev\/input\/none/],
  ['evdev:///dev/null', true, 'ok', /the device is there/],
  ['stdin://x', true, 'fail', /nothing may follow/],
  ['stdin://', true, 'ok', /one code a line/],
] as const)('reader %s with programs %s: %s', (uri, hasProgram, level, text) => {
  expect(checkReader('main', uri, { hasProgram: () => hasProgram, hasPackage: () => true })).toMatchObject({
    level,
    text: expect.stringMatching(text),
  });
});

test('lines carry a mark, so that colour is not needed, and the end sums up', () => {
  const findings: Finding[] = [
    { level: 'fail', about: 'disk', text: '3 MB free', next: 'make room' },
    { level: 'warn', about: 'cloud', text: 'away', next: 'wait' },
    { level: 'ok', about: 'Node', text: 'v20' },
  ];
  expect(findings.map(renderFinding).map((line) => line[0])).toEqual(['✗', '!', '✓']);
  expect(renderVerdict(findings)).toBe('✗ 1 thing to mend before this gate can work, 1 to keep an eye on.');
  expect(renderVerdict(findings.slice(2))).toBe('✓ This gate can work.');
});

/** A folder in place of /dev, with these devices, and one in place of /sys/class/hidraw. */
function createDevices({
  devices = [],
  hidraw = {},
}: { readonly devices?: readonly string[]; readonly hidraw?: Readonly<Record<string, string>> } = {}) {
  const deviceFolder = temporaryFolder();
  const hidrawFolder = temporaryFolder();
  for (const name of devices) writeFileSync(join(deviceFolder, name), '');
  for (const [name, id] of Object.entries(hidraw)) {
    mkdirSync(join(hidrawFolder, name, 'device'), { recursive: true });
    writeFileSync(join(hidrawFolder, name, 'device/uevent'), `DRIVER=hid-generic\nHID_ID=${id}\nHID_NAME=x\n`);
  }
  return { deviceFolder, hidrawFolder };
}

test('relays, lamps and fire contact at GPIO lines are looked for, and what is missing is named', async () => {
  const machine = createMachine({
    toml: gateToml({
      actuator: 'gpio://gpiochip0?entry=17',
      more: '[fire]\ninput = "gpio://gpiochip0?line=24"',
      lane: 'signal = "gpio://gpiochip1?green=5"',
    }),
  });
  const findings = await machine.examine(createDevices({ devices: ['gpiochip0'] }));
  expect(about(findings, 'lane main').map(({ level }) => level)).toEqual(['warn', 'ok', 'fail']);
  expect(about(findings, 'lane main').at(-1)).toMatchObject({
    text: expect.stringMatching(/signal .*there is no .*gpiochip1$/),
    next: expect.stringContaining('gpiodetect'),
  });
  expect(about(findings, 'fire input')).toMatchObject([{ level: 'ok' }]);
  const bare = await machine.examine({ ...createDevices(), hasProgram: (program) => program !== 'gpioset' });
  for (const finding of [about(bare, 'lane main')[1], about(bare, 'fire input')[0]])
    expect(finding).toMatchObject({ level: 'fail', next: 'sudo apt install gpiod' });
});

test('an entry whose turnstile has only a relay for the exit is a mistake', async () => {
  const machine = createMachine({ toml: gateToml({ actuator: 'gpio://gpiochip0?exit=27' }) });
  const findings = await machine.examine(createDevices({ devices: ['gpiochip0'] }));
  expect(about(findings, 'lane main').at(-1)).toMatchObject({
    level: 'fail',
    text: expect.stringContaining('this lane is an entry'),
  });
});

test('scanners and relay boards are looked for by vendor and product', async () => {
  const machine = createMachine({
    toml: gateToml({
      readers: '"hid://0c2e:0b61", "serial:///nowhere/ttyACM0"',
      actuator: 'hid-relay://16c0:05df?entry=1',
    }),
  });
  const look = async (other: Partial<DoctorDeps>): Promise<readonly string[]> =>
    about(await machine.examine(other), 'lane main').map(({ level, next }) => `${level} ${next ?? ''}`);
  const there = createDevices({
    devices: ['hidraw0', 'hidraw1'],
    hidraw: { hidraw0: '0003:00000C2E:00000B61', hidraw1: '0003:000016C0:000005DF', hidraw2: 'nonsense' },
  });
  expect(await look(there)).toEqual(['ok ', expect.stringMatching(/^fail plug the scanner in/), 'ok ']);
  expect(await look(createDevices())).toEqual([
    expect.stringMatching(/^fail plug it in; what is there: lsusb/),
    expect.stringMatching(/^fail plug the scanner in/),
    expect.stringMatching(/^fail plug it in/),
  ]);
  expect((await look({ ...there, hasPackage: () => false }))[0]).toBe('fail npm install node-hid');
});

test('a GPIO line that two things use is a mistake, a turnstile that two lanes share is none', async () => {
  const shared = 'gpio://gpiochip0?entry=17&exit=27&sensor=22';
  const secondLane = (more: string): string =>
    `[[lanes]]\nid = "out"\ndirection = "exit"\nreaders = ["sim://"]\n${more}`;
  const wiring = async (toml: string): Promise<readonly string[]> =>
    about(await createMachine({ toml }).examine(createDevices({ devices: ['gpiochip0'] })), 'wiring').map(
      ({ text }) => text,
    );
  expect(await wiring(gateToml({ actuator: shared, lane: secondLane(`actuator = "${shared}"`) }))).toEqual([]);
  expect(
    await wiring(gateToml({ actuator: shared, lane: secondLane('signal = "gpio://gpiochip0?green=5&red=22"') })),
  ).toEqual(['gpiochip0 line 22 is used by the turnstile of lane main and by the signal of lane out']);
  expect(await wiring(gateToml({ actuator: shared, more: '[fire]\ninput = "gpio://gpiochip0?line=27"' }))).toEqual([
    'gpiochip0 line 27 is used by the turnstile of lane main and by the fire input',
  ]);
  const lamps = 'signal = "gpio://gpiochip0?green=5"';
  expect(await wiring(gateToml({ lane: `${lamps}\n${secondLane(lamps)}` }))).toEqual([
    'gpiochip0 line 5 is used by the signal of lane main and by the signal of lane out',
  ]);
});

test.each([
  ['hid://0c2e:0b61', 'hid://0c2e:0b61', true],
  ['hid://0c2e:0b61?serial=A', 'hid://0c2e:0b61?serial=B', false],
  ['serial:///dev/ttyACM0', 'serial:///dev/ttyACM0?baud=19200', true],
  ['evdev:///dev/input/event3', 'evdev:///dev/input/event3', true],
  ['camera:///dev/video0', 'camera:///dev/video0?fps=30', true],
  ['camera:///dev/video0', 'camera:///dev/video2', false],
  ['sim://', 'sim://', false],
])('%s in one lane and %s in another are one device: %s', async (one, other, isOne) => {
  const toml = gateToml({ readers: `"${one}"`, lane: `[[lanes]]\nid = "two"\nreaders = ["${other}"]` });
  const found = about(await createMachine({ toml }).examine(), 'readers').map(({ level, text }) => `${level} ${text}`);
  expect(found).toEqual(isOne ? [`fail ${one} is named by main and two`] : []);
});

test('where the udev rules’ names are missing as a whole, the rules are the remedy, and not a plug', async () => {
  const there = createDevices({ devices: [] });
  const look = async (): Promise<readonly (string | undefined)[]> =>
    about(
      await createMachine({
        toml: gateToml({ readers: '"camera:///dev/postern/none", "hid:///dev/postern/none"' }),
      }).examine(there),
      'lane main',
    ).map(({ next }) => next);
  expect(await look()).toEqual([
    expect.stringContaining('70-postern.rules'),
    expect.stringContaining('70-postern.rules'),
    undefined,
  ]);
  mkdirSync(join(there.deviceFolder, 'postern'));
  expect(await look()).toEqual([
    expect.stringMatching(/^plug the camera in/),
    expect.stringMatching(/^plug it in/),
    undefined,
  ]);
});

test('what a line needs besides gpioset, and what systemd needs, is named with its package', async () => {
  const machine = createMachine({ toml: gateToml({ actuator: 'gpio://gpiochip0?entry=17' }) });
  const findings = await machine.examine({
    ...createDevices({ devices: ['gpiochip0'] }),
    hasProgram: (program) => program !== 'setpriv',
    hasPackage: (name) => name !== 'unix-dgram',
  });
  expect(about(findings, 'lane main').at(-1)).toMatchObject({ level: 'fail', next: 'sudo apt install util-linux' });
  expect(about(findings, 'systemd')).toMatchObject([{ level: 'warn', next: expect.stringContaining('unix-dgram') }]);
});

test('a ticket list older than the event allows is a warning, a fresh one is none, and one that says that the cloud has moved', async () => {
  const { folder, examine: look } = createMachine({
    toml: gateToml().replace('event = 1', `event = ${feedEvent}`).replace('"arena"', '"main"'),
  });
  prepareEventFolder(folder, feedEvent);
  const { clock } = createVirtualTime();
  const cache = await openFeedCache({
    folder: feedFolder(folder, feedEvent),
    event: feedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: clock.wallMs,
    logger: silentLog,
  });
  const levelOf = async (version: number, ageMs: number, cloud?: CloudAddress): Promise<string | undefined> => {
    const snapshot = buildSnapshot({ path: join(folder, `${version}.gz`), tickets: [generatedTicket(1)], version });
    const createdAtMs = clock.wallMs() - ageMs;
    const manifest = signedManifest({
      snapshot: snapshot.reference,
      createdAtMs,
      expiresAtMs: createdAtMs + 7 * 86_400_000,
      ...(cloud === undefined ? {} : { cloud }),
    });
    const offer = cache.consider(manifest);
    if (!offer.ok) throw new Error(offer.error.type);
    const files = { snapshot: snapshot.path, deltas: new Map() };
    const applied = await cache.apply(offer.value, files, new AbortController().signal);
    expect(applied).toMatchObject({ ok: true });
    return about(await look(), 'ticket list')[0]?.level;
  };
  const allowedMs = feedPolicy.staleAfterMinutes * 60_000;
  expect(await levelOf(1, allowedMs + 60_000)).toBe('warn');
  expect(await levelOf(2, allowedMs - 60_000)).toBe('ok');
  const moved = async (): Promise<unknown> =>
    about(await look(), 'cloud').find(({ text }) => text.includes('new.example'));
  expect(await moved()).toBeUndefined();
  await levelOf(3, 0, { url: 'https://new.example', former: [url] });
  expect(await moved()).toMatchObject({ level: 'warn', next: expect.stringContaining('https://new.example') });
  cache.close();
});

test('where an event has faces, it says whether they can be compared and where nobody is seen', () => {
  const lanes = (text: string) => {
    const config = parseConfig(text, 'gate.toml');
    if (!config.ok) throw new Error(config.error.complaints.join());
    return config.value;
  };
  const policy = (face: object | undefined, methodsOff: readonly string[] = []) =>
    admissionPolicySchema.parse({ event: 1, name: 'Night', types: [], zones: [], face, methodsOff });
  const deps = { hasFaceModels: () => true, isSealed: true, nowMs: 1_000 };
  const on = policy({ untilS: 2 });
  const blind = lanes(gateToml());
  const seeing = lanes(gateToml({ readers: '"camera:///dev/video0"' }));
  const own = lanes(gateToml({ lane: 'faceCamera = "camera:///dev/video1"' }));
  const found = (findings: readonly Finding[]): string =>
    findings.map(({ level, text }) => `${level}: ${text}`).join('; ');
  expect(checkFaces(policy(undefined), blind, deps)).toEqual([]);
  expect(checkFaces(policy({ untilS: 2 }, ['face']), blind, deps)).toEqual([]);
  expect(found(checkFaces(on, blind, deps))).toMatch(/^warn: lane main has no camera/);
  for (const config of [seeing, own]) expect(found(checkFaces(on, config, deps))).toMatch(/^ok: .*looked for at main$/);
  expect(found(checkFaces(on, seeing, { ...deps, isSealed: false }))).toMatch(/^ok: .*; warn: .*not encrypted/);
  expect(found(checkFaces(on, seeing, { ...deps, hasFaceModels: () => false }))).toMatch(/^warn: .*models/);
  expect(found(checkFaces(on, seeing, { ...deps, nowMs: 2_000 }))).toMatch(/^ok: .*over$/);
});

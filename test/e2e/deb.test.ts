// The Debian packages as a machine would meet them: what is in them, whether the commands run from an extracted package alone, and,
// where a throw-away copy of this machine can be had, whether dpkg installs, upgrades and removes them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeQR } from 'qr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeOrReport, firstReason, missingPrograms, missingRoot, runOrReport } from '../support/not-run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = [
  {
    name: 'postern-gate',
    command: 'gate-agent',
    units: ['gate-agent.service', 'gate-display.service'],
    examples: ['usr/share/doc/postern-gate/examples/gate.example.toml'],
  },
  { name: 'postern-cloud', command: 'cloud-sync', units: ['cloud-sync.service'], examples: [] },
] as const;

interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

const run = (program: string, args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Outcome => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: environment,
    maxBuffer: 64 * 1024 ** 2,
  });
  return { status, output: `${stdout}${stderr}` };
};

/** Uncompressed: what is tested is what is inside, and xz takes most of the time. */
const build = (out: string, ...args: readonly string[]): Outcome =>
  run(process.execPath, [join(root, 'scripts/build-deb.mjs'), '--out', out, ...args], {
    ...process.env,
    DPKG_DEB_COMPRESSOR_TYPE: 'none',
  });

describeOrReport('Debian packages', missingPrograms('dpkg', 'dpkg-deb'), () => {
  let folder: string;
  const fileOf = (name: string, out = 'first'): string => {
    const file = readdirSync(join(folder, out)).find((entry) => entry.startsWith(`${name}_`));
    expect(file).toMatch(/\.deb$/);
    return join(folder, out, file ?? '');
  };
  const rootOf = (name: string): string => join(folder, 'root', name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-deb-'));
    expect(build(join(folder, 'first'))).toEqual({ status: 0, output: expect.stringContaining('installed') });
    for (const { name } of packages) {
      mkdirSync(rootOf(name), { recursive: true });
      expect(run('dpkg-deb', ['--extract', fileOf(name), rootOf(name)])).toEqual({ status: 0, output: '' });
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(packages)('$name', ({ name, command, units, examples }) => {
    test('says what it is and needs the Node that its compiled code was made for', () => {
      const field = (key: string): string => run('dpkg-deb', ['--field', fileOf(name), key]).output.trim();
      const major = Number(process.versions.node.split('.')[0]);
      expect(field('Package')).toBe(name);
      expect(field('Architecture')).toBe(run('dpkg', ['--print-architecture']).output.trim());
      expect(field('Depends')).toMatch(/nodejs \(>= \d+[^)]*\)/);
      expect(field('Depends')).toContain(`nodejs (<< ${major + 1}~)`);
      expect(field('Depends')).toMatch(/libc6 \(>= 2\.\d+\)/);
    });

    test('belongs to root, and only commands are executable', () => {
      const lines = run('dpkg-deb', ['--contents', fileOf(name)])
        .output.trim()
        .split('\n');
      const unexpected = lines.filter((line) => !/^(drwxr-xr-x|-rw-r--r--|lrwxrwxrwx) root\/root /.test(line));
      expect(lines.length).toBeGreaterThan(100);
      expect(unexpected).toHaveLength(1);
      expect(unexpected[0]).toMatch(
        new RegExp(`^-rwxr-xr-x root/root .* \\./usr/lib/postern/${command}/bin/${command}$`),
      );
    });

    test('carries its example, but no map, source, test, fixture, setting, data or secret, and no path of the machine that built it', () => {
      const paths = filesIn(rootOf(name));
      const unwanted =
        /\.(map|tsx?|mts|cts|c|cpp|h|gyp|db|sqlite|pem|key|crt|toml|log|env)$|\/(tests?|fixtures|__tests__|\.[^/]+)\/|\/\.[^/]+$/;
      // Calls to nodes that are made for tests: code that viem's index imports.
      const wanted = '/node_modules/viem/_esm/actions/test/';
      expect(paths.filter((path) => unwanted.test(path) && !path.includes(wanted))).toEqual(examples);
      const revealing = paths.filter((path) => {
        const text = readFileSync(join(rootOf(name), path), 'latin1');
        return text.includes(root) || /-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\w{16}/.test(text);
      });
      expect(revealing).toEqual([]);
    });

    test.each(units)('%s names only programs, users and folders that it brings or depends on', (unit) => {
      const read = (path: string): string => readFileSync(join(rootOf(name), path), 'utf8');
      const text = read(`usr/lib/systemd/system/${unit}`);
      const value = (key: string): string => new RegExp(`^${key}=(.+)$`, 'm').exec(text)?.[1] ?? '';
      for (const [path] of text.matchAll(/\/usr\/lib\/\S+/g)) expect(existsSync(join(rootOf(name), path))).toBe(true);
      expect(['/usr/bin/node', '/usr/bin/cage']).toContain(value('ExecStart').split(' ')[0]);
      expect(read(`usr/lib/sysusers.d/${name}.conf`)).toMatch(new RegExp(`^u\\s+${value('User')}\\s`, 'm'));
      expect(read(`usr/lib/tmpfiles.d/${name}.conf`)).toMatch(
        new RegExp(`^d\\s+/var/lib/${value('StateDirectory')}\\s+0700\\s`, 'm'),
      );
    });

    test('its command runs from the package alone', () => {
      const { status, output } = run(join(rootOf(name), 'usr/bin', command), ['--help'], bareEnvironment(folder));
      expect(output).toMatch(new RegExp(`usage.*${command}`, 'is'));
      expect(status).toBe(0);
    });

    test('the same input gives the same bytes', () => {
      if (!existsSync(join(folder, 'second'))) {
        expect(build(join(folder, 'second'), '--no-build')).toMatchObject({ status: 0 });
      }
      const hashOf = (out: string): string =>
        createHash('sha256')
          .update(readFileSync(fileOf(name, out)))
          .digest('hex');
      expect(hashOf('second')).toBe(hashOf('first'));
    });
  });

  test('the packaged gate finds no face in an empty frame: its models are in the package', () => {
    const module = join(rootOf('postern-gate'), 'usr/lib/postern/gate-agent/dist/face/face-thread.js');
    const script = `
      const { createFaceThread } = await import(${JSON.stringify(`file://${module}`)});
      const thread = createFaceThread();
      const grey = new Uint8Array(320 * 240);
      const look = await thread.look({ width: 320, height: 240, grey }, { secondShareMin: 0.5 });
      console.log(JSON.stringify(look));
      await thread.close();`;
    const { status, output } = run(
      process.execPath,
      ['--input-type=module', '--eval', script],
      bareEnvironment(folder),
    );
    expect([status, output.trim()]).toEqual([0, '{"ok":true,"value":{"type":"no-face"}}']);
  });

  test('the packaged gate judges the machine that it is on, and says that nobody has enrolled it', () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const command = join(rootOf('postern-gate'), 'usr/bin/gate-agent');
    const { status, output } = run(command, ['doctor', '--data', data], bareEnvironment(folder));
    expect(output).toContain(process.versions.node);
    expect(output).toContain('enrol');
    expect(status).toBe(1);
  });

  runOrReport('the packaged gate reads a code off a picture', missingPrograms('ffmpeg'), () => {
    const picture = join(folder, 'code.gif');
    writeFileSync(picture, encodeQR('READ BY THE PACKAGE', 'gif', { scale: 6, border: 4 }));
    const command = join(rootOf('postern-gate'), 'usr/bin/gate-agent');
    const { status, output } = run(command, ['decode', picture], bareEnvironment(folder));
    expect(output).toContain('"text":"READ BY THE PACKAGE"');
    expect(status).toBe(0);
  });

  test('the two packages share no file, so one machine can have both', () => {
    const gate = new Set(filesIn(rootOf('postern-gate')));
    expect(filesIn(rootOf('postern-cloud')).filter((path) => gate.has(path))).toEqual([]);
  });

  const noCopy = firstReason(missingRoot(), missingPrograms('unshare', 'chroot', 'systemd-sysusers'), missingOverlay());
  runOrReport('dpkg installs both, again, and removes them; nothing starts, and the data stays', noCopy, () => {
    const inside = `
      set -e
      dpkg --force-depends --install /run/*.deb
      dpkg --force-depends --install /run/*.deb
      dpkg --verify postern-gate postern-cloud
      stat --format='%n %a %U' /var/lib/postern-gate /var/lib/postern-display /var/lib/postern-cloud
      for unit in gate-agent gate-display cloud-sync; do echo $unit $(systemctl --root=/ is-enabled $unit.service); done
      touch /var/lib/postern-gate/journal
      dpkg --purge postern-gate postern-cloud
      test ! -e /usr/lib/postern
      test ! -e /usr/bin/gate-agent
      test -e /var/lib/postern-gate/journal
      echo all done`;
    const { status, output } = runInCopy(
      `cp ${fileOf('postern-gate')} ${fileOf('postern-cloud')} "$copy/run/"`,
      inside,
    );
    expect(output).toContain('/var/lib/postern-gate 700 postern-gate\n');
    expect(output).toContain('/var/lib/postern-display 700 postern-display\n');
    expect(output).toContain('/var/lib/postern-cloud 700 postern-cloud\n');
    for (const unit of ['gate-agent', 'gate-display', 'cloud-sync']) expect(output).toContain(`${unit} disabled\n`);
    expect(output).toContain('\nall done\n');
    expect(status).toBe(0);
  });
});

/** A command of a package finds programs and a place to write, and nothing else of the tests' surroundings. */
const bareEnvironment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  LANG: 'C.UTF-8',
});

/** Regular files under a folder, relative to it. */
function filesIn(top: string): readonly string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1));
}

/**
 * Runs shell lines in a copy of this machine whose changes go to memory and are gone afterwards: an overlay in a mount namespace
 * of its own. `prepare` runs outside of the copy and sees it as `$copy`.
 */
function runInCopy(prepare: string, inside: string): Outcome {
  const script = `
    set -e
    work=$(mktemp -d)
    trap 'rmdir "$work"' EXIT
    mount -t tmpfs tmpfs "$work"
    trap 'umount -l "$work"; rmdir "$work"' EXIT
    mkdir "$work/upper" "$work/work" "$work/copy"
    copy=$work/copy
    mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$copy"
    mount -t tmpfs tmpfs "$copy/run"
    mount --rbind /proc "$copy/proc"
    mount --rbind /dev "$copy/dev"
    ${prepare}
    chroot "$copy" /bin/sh -c "$1"`;
  return run('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', script, 'sh', inside]);
}

function missingOverlay(): string | undefined {
  if (missingRoot() !== undefined || missingPrograms('unshare') !== undefined) return undefined;
  return runInCopy(':', 'true').status === 0 ? undefined : 'cannot mount an overlay of the root file system';
}

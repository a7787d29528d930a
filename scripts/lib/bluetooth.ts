// Bluetooth without a radio: BlueZ's emulated controllers (btvirt), an adapter on a pseudo-terminal for the gate, and a wristband that is real
// bleno on another. Everything between the two stacks' UART drivers is as with real controllers, advertising excepted (hci-air.ts).
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileC } from './compile-c.ts';
import { openAir, type Air } from './hci-air.ts';
import { firstReason, missingPrograms } from './missing.ts';

const shim = fileURLToPath(new URL('./btvirt-shim.c', import.meta.url));
const compileShim = (): string => compileC(shim, ['-shared', '-fPIC']);

/** Why there can be no emulated Bluetooth here, or undefined. */
export function missingBluetooth(): string | undefined {
  const missing = firstReason(missingPrograms('btvirt', 'socat', 'cc'));
  if (missing !== undefined) return missing;
  try {
    compileShim();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

export interface Bluetooth {
  readonly air: Air;
  /** The device that the gate's adapter has while it is plugged in. */
  readonly adapterPath: string;
  readonly plugIn: () => Promise<void>;
  readonly unplug: () => Promise<void>;
  /** A further device, for a wristband. */
  readonly openBandDevice: (name: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function createBluetooth(): Promise<Bluetooth> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bt-'));
  const emulatorPath = join(folder, 'bt-server-le');
  const airPath = join(folder, 'air');
  const adapterPath = join(folder, 'adapter');
  const running = new Set<ChildProcess>();
  const start = (
    program: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess => {
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...env } });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };
  const stop = (child: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  const openDevice = async (path: string, socketPath: string): Promise<ChildProcess> => {
    const child = start('socat', [`PTY,link=${path},raw,echo=0`, `UNIX-CONNECT:${socketPath}`]);
    await appears(path);
    return child;
  };

  start('btvirt', ['-s'], { BTVIRT_FOLDER: folder, LD_PRELOAD: compileShim() });
  await appears(emulatorPath);
  const air = await openAir(airPath, emulatorPath);
  let adapter: ChildProcess | undefined;
  return {
    air,
    adapterPath,
    plugIn: async () => {
      adapter = await openDevice(adapterPath, airPath);
    },
    unplug: async () => {
      if (adapter !== undefined) await stop(adapter);
      rmSync(adapterPath, { force: true });
    },
    openBandDevice: async (name) => {
      const path = join(folder, name);
      await openDevice(path, emulatorPath);
      return path;
    },
    close: async () => {
      air.close();
      await Promise.all([...running].map(stop));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function appears(path: string): Promise<void> {
  for (let tries = 0; !existsSync(path); tries++) {
    if (tries === 500) throw new Error(`${path} does not appear`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

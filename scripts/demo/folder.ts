// Each start has a folder of its own: what one demo leaves behind can be looked at, and never helps the next one.
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { socketPathBytesMax } from './camera-feed.ts';
import type { GateName } from './story.ts';

export interface DemoFolder {
  readonly path: string;
  readonly cloud: string;
  readonly gate: (gate: GateName) => string;
  readonly log: (program: string) => string;
  /** Socket of a gate's camera; elsewhere when the folder's own path is too long for one. */
  readonly cameraSocket: (gate: GateName) => string;
}

/** `demo-20260601-190211` in `parent`, with a number after it when two start in one second. */
export function makeFolder(parent: string, now: Date): DemoFolder {
  const path = makeUnique(join(parent, `demo-${timestamp(now)}`));
  for (const part of ['cloud', 'gate-a', 'gate-b', 'logs']) mkdirSync(join(path, part));
  const inFolder = (gate: GateName): string => join(path, `camera-${gate}`);
  const sockets =
    Buffer.byteLength(inFolder('a')) <= socketPathBytesMax ? path : mkdtempSync(join(tmpdir(), 'postern-'));
  return {
    path,
    cloud: join(path, 'cloud'),
    gate: (gate) => join(path, `gate-${gate}`),
    log: (program) => join(path, 'logs', `${program}.log`),
    cameraSocket: (gate) => join(sockets, `camera-${gate}`),
  };
}

const attemptsMax = 100;

function makeUnique(path: string): string {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const candidate = attempt === 1 ? path : `${path}-${attempt}`;
    try {
      mkdirSync(candidate, { mode: 0o700 });
      return candidate;
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
    }
  }
  throw new Error(`${path} and ${attemptsMax - 1} more like it are there already`);
}

const timestamp = (now: Date): string => {
  const two = (value: number): string => value.toString().padStart(2, '0');
  return `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
};

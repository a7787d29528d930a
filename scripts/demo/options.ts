// The demo's settings, all from the environment, checked once. The only file of the demo that reads it.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { secondsMax, secondsMin, scriptSeconds } from './story.ts';

export interface Options {
  /** Length of the story in seconds. */
  readonly seconds: number;
  /** Plays to the end, counts and exits; without it the demo goes on until Ctrl-C. */
  readonly scripted: boolean;
  /** Where demo folders are made. */
  readonly parentFolder: string;
  /** First port that is tried for the page; the others follow it. */
  readonly firstPort: number;
}

export const repositoryFolder = fileURLToPath(new URL('../..', import.meta.url));
const firstPortDefault = 8_100;

/** Throws with a line for the person when a setting makes no sense. */
export function readOptions(environment: Readonly<Record<string, string | undefined>> = process.env): Options {
  const secondsText = environment['POSTERN_DEMO_SECONDS'] ?? '';
  const seconds = secondsText === '' ? scriptSeconds : Number(secondsText);
  if (!Number.isFinite(seconds) || seconds <= 0 || seconds > secondsMax)
    throw new Error(`POSTERN_DEMO_SECONDS=${secondsText}: must be a number over 0, at most ${secondsMax}`);
  const portText = environment['POSTERN_DEMO_PORT'] ?? '';
  const firstPort = portText === '' ? firstPortDefault : Number(portText);
  if (!Number.isInteger(firstPort) || firstPort < 1_024 || firstPort > 65_000)
    throw new Error(`POSTERN_DEMO_PORT=${portText}: must be a port from 1024 to 65000`);
  return {
    // The visitors whom the story cannot do without need their time.
    seconds: Math.max(seconds, secondsMin),
    scripted: secondsText !== '',
    parentFolder: resolve(environment['POSTERN_DEMO_FOLDER'] ?? repositoryFolder),
    firstPort,
  };
}

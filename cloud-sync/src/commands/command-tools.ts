// What the commands share that work on the data folder directly: the flags that say where it is, and what the command line gives them to
// work with.
import type { Result } from '@postern/shared';
import type { Failure } from '../services/problems.ts';

export const placeArguments = {
  data: {
    type: 'string',
    description: 'Folder for keys and feed files (default: beside the database, or ./cloud-data)',
    valueHint: 'DIR',
  },
  database: {
    type: 'string',
    description: 'sqlite:FILE (default: cloud.db in the data folder) or postgres://USER:PASSWORD@HOST/DATABASE',
    valueHint: 'URL',
  },
} as const;

export const eventArgument = {
  event: { type: 'string', required: true, description: 'Number of the event', valueHint: 'N' },
} as const;

/** To the second. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** `C`: what a command needs of an opened service. */
export interface CommandTools<C> {
  /** Opens the service for `work`, and closes it. */
  readonly withCloud: (
    args: { readonly data?: string | undefined; readonly database?: string | undefined },
    work: (cloud: C) => Promise<void>,
  ) => Promise<void>;
  /** The number, or a message and exit code 2. */
  readonly eventNumber: (text: string) => number;
  /** The value, or a message and exit code 2. */
  readonly orExit: <T>(result: Result<T, Failure>) => T;
  /** A message and exit code 2. */
  readonly fail: (message: string) => never;
}

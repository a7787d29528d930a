// `evdev:///dev/input/by-id/…-event-kbd`: a scanner that types (keyboard wedge), read from its own device and from no other keyboard. `cat`
// reads it: a read of such a device waits in a thread that nobody can call back, and a process can be ended. Pulled out, the run fails;
// plugged in again, the next one finds it. Everybody else who listens to keyboards hears the scanner too: see the README.
import { spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { ok, type Clock, type Logger, type Reader, type Result } from '@postern/shared';
import { deviceUriError, type DeviceUriError } from '../device-uri.ts';
import { createKeyAssembler } from './evdev-keys.ts';
import { readerFault } from './frame.ts';

export interface EvdevDeps {
  readonly id: string;
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const errorCharsMax = 200;

export function parseEvdev(uri: string): Result<string, DeviceUriError> {
  const path = uri.slice('evdev://'.length);
  return /^\/[\w.:/+-]{1,200}$/.test(path)
    ? ok(path)
    : deviceUriError('after evdev:// comes a keyboard’s device, one of: ls /dev/input/by-id/*-event-kbd');
}

export const createEvdevReader = ({ id, path, clock, logger }: EvdevDeps): Reader => ({
  id,
  run: async (deliver, signal) => {
    if (signal.aborted) return;
    await access(path, constants.R_OK).catch((cause: Error) => {
      throw readerFault('scanner-missing', `${path} cannot be read (${cause.message}); ${whatIsThere}`);
    });
    const keys = createKeyAssembler(
      (text) => {
        if (!signal.aborted) deliver({ medium: 'optical', text, readerId: id, seenAtMs: clock.monotonicMs() });
      },
      () => logger.warn({ reader: id }, 'A code from the scanner was too long, or a part of it was lost'),
    );
    const reading = spawn('cat', ['--', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = (): void => void reading.kill('SIGKILL');
    signal.addEventListener('abort', stop, { once: true });
    let said = '';
    reading.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(0, errorCharsMax)));
    reading.stdout.on('data', keys.push);
    try {
      await new Promise<void>((resolve, reject) => {
        reading.on('error', ({ message }) =>
          reject(readerFault('scanner-failed', `cat cannot be started: ${message}`)),
        );
        reading.on('close', () =>
          signal.aborted || said === ''
            ? resolve()
            : reject(readerFault('scanner-failed', `The scanner failed: ${said.trim()}`)),
        );
        if (signal.aborted) stop();
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  },
});

const whatIsThere = 'what is there: ls /dev/input/by-id/*-event-kbd';

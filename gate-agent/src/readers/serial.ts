// `serial:///dev/ttyACM0?baud=9600`: a scanner in serial (CDC) mode, or on a real serial port. `stty` sets the line, then it is read
// as a terminal without any native package: one code a line, as from standard input. Pulled out, the run ends; the next finds it again.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ReadStream } from 'node:tty';
import { presentationTextCharsMax, type Clock, type Logger, type Reader } from '@postern/shared';
import { createLineSplitter, lineBytesMax } from '../line-splitter.ts';
import { bytesToText } from './decode-text.ts';
import { readerFault } from './frame.ts';
import type { SerialInput } from './serial-uri.ts';

const sttyWithinMs = 3_000;

export interface SerialDeps {
  readonly id: string;
  readonly input: SerialInput;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createSerialReader({ id, input, clock, logger }: SerialDeps): Reader {
  const { path, baud } = input;
  return {
    id,
    run: async (deliver, signal) => {
      if (signal.aborted) return;
      await setLine(path, baud);
      // Not the controlling terminal, and no waiting for a carrier that a scanner does not give.
      const flags = constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK;
      const file = await open(path, flags).catch((cause: Error) => {
        throw readerFault('scanner-missing', describeMissing(path, cause));
      });
      let stream: ReadStream;
      try {
        stream = new ReadStream(file.fd);
      } catch (cause) {
        await file.close();
        throw readerFault('scanner-failed', `${path} is no serial device: ${String(cause)}`);
      }
      const refuse = (): void =>
        logger.warn({ reader: id, lineBytesMax }, 'A line from the scanner was too long and was refused');
      const splitter = createLineSplitter((line) => {
        const text = bytesToText(line);
        if (text.length > presentationTextCharsMax) return refuse();
        if (!signal.aborted) deliver({ medium: 'optical', text, readerId: id, seenAtMs: clock.monotonicMs() });
      }, refuse);
      const onAbort = (): void => void stream.destroy();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await new Promise<void>((resolve, reject) => {
          stream.on('data', splitter.push).on('close', resolve);
          stream.on('end', () => void stream.destroy());
          stream.on('error', (cause) => reject(readerFault('scanner-failed', `${path} failed: ${cause.message}`)));
          if (signal.aborted) stream.destroy();
        });
      } finally {
        signal.removeEventListener('abort', onAbort);
        // The stream has read from a descriptor of its own, which libuv opened anew.
        await file.close().catch(() => undefined);
      }
    },
  };
}

/** Raw: nothing is echoed, turned into signals or held back until a line ends. */
const setLine = (path: string, baud: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const settings = [baud, 'raw', '-echo', 'cread', 'clocal', '-hupcl'];
    const limits = { timeout: sttyWithinMs, killSignal: 'SIGKILL' } as const;
    execFile('stty', ['-F', path, ...settings], limits, (error, _, stderr) => {
      if (error === null) return resolve();
      const why = stderr.trim() || error.message;
      reject(readerFault('scanner-missing', `${path} cannot be used: ${why.slice(0, 200)}; ${whatIsThere}`));
    });
  });

const whatIsThere = 'what is there: ls /dev/ttyACM* /dev/ttyUSB* /dev/serial/by-id/';
const describeMissing = (path: string, { message }: Error): string =>
  `${path} cannot be opened (${message}); ${whatIsThere}`;

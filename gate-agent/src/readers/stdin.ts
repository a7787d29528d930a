// One code a line from standard input or any byte stream: a scanner that types (keyboard wedge), a serial scanner, a pipe, a
// person. Lines end with LF, CR or CR LF; empty ones are skipped; a line that is too long is refused as a whole and counted.
import type { Readable } from 'node:stream';
import { presentationTextCharsMax, type Clock, type Logger, type Reader } from '@postern/shared';
import { createLineSplitter, lineBytesMax } from '../line-splitter.ts';
import { bytesToText } from './decode-text.ts';
import { readerFault } from './frame.ts';

export interface StdinDeps {
  readonly id: string;
  readonly input: Readable;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface StdinReader extends Reader {
  readonly stats: () => { readonly lines: number; readonly tooLong: number };
}

export function createStdinReader({ id, input, clock, logger }: StdinDeps): StdinReader {
  const count = { lines: 0, tooLong: 0 };
  return {
    id,
    finite: true,
    stats: () => ({ ...count }),
    run: (deliver, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted || input.readableEnded || input.destroyed) return resolve();
        const refuse = (): void => {
          count.tooLong++;
          logger.warn({ reader: id, lineBytesMax }, 'A line was too long and was refused');
        };
        const splitter = createLineSplitter((line) => {
          if (signal.aborted) return;
          const text = bytesToText(line);
          if (text.length > presentationTextCharsMax) return refuse();
          count.lines++;
          deliver({ medium: 'typed', text, readerId: id, seenAtMs: clock.monotonicMs() });
        }, refuse);
        const onData = (chunk: Buffer | string): void =>
          splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
        const onEnd = (): void => {
          splitter.end();
          finish();
        };
        const onError = (cause: Error): void =>
          finish(readerFault('input-failed', `Standard input failed: ${cause.message}`));
        const onAbort = (): void => finish();
        const finish = (fault?: Error): void => {
          input.off('data', onData).off('end', onEnd).off('close', onAbort).off('error', onError).pause();
          signal.removeEventListener('abort', onAbort);
          if (fault) reject(fault);
          else resolve();
        };
        signal.addEventListener('abort', onAbort, { once: true });
        input.on('data', onData).on('end', onEnd).on('close', onAbort).on('error', onError).resume();
      }),
  };
}

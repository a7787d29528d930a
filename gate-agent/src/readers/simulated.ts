// A reader without hardware: what is shown to it by a test, the demo or a load generator is delivered as if a camera had read it.
// It can be unplugged and can fail, as a device does.
import { assert, presentationTextCharsMax, type Clock, type Reader } from '@postern/shared';
import { readerFault } from './frame.ts';

export interface SimulatedReader extends Reader {
  /** Shows a code; `false` when it was refused because it is too long or too many wait while nobody runs the reader. */
  readonly show: (text: string, format?: string) => boolean;
  /** The device goes away: the current `run` resolves. */
  readonly unplug: () => void;
  /** The device breaks: the current `run` rejects. */
  readonly fail: (message: string) => void;
}

/** Codes kept while the reader is not running; later ones are refused. */
export const waitingCodesMax = 1_000;

export function createSimulatedReader({ id, clock }: { readonly id: string; readonly clock: Clock }): SimulatedReader {
  const waiting: { readonly text: string; readonly format: string }[] = [];
  let current: { readonly take: () => void; readonly end: (fault?: Error) => void } | undefined;
  return {
    id,
    show: (text, format = 'QRCode') => {
      if (text === '' || text.length > presentationTextCharsMax || waiting.length >= waitingCodesMax) return false;
      waiting.push({ text, format });
      current?.take();
      return true;
    },
    unplug: () => current?.end(),
    fail: (message) => current?.end(readerFault('camera-failed', message)),
    run: (deliver, signal) =>
      new Promise((resolve, reject) => {
        assert(!current, 'a reader runs once at a time');
        if (signal.aborted) return resolve();
        const onAbort = (): void => end();
        const end = (fault?: Error): void => {
          current = undefined;
          signal.removeEventListener('abort', onAbort);
          if (fault) reject(fault);
          else resolve();
        };
        const take = (): void => {
          for (let code = waiting.shift(); code && current; code = waiting.shift())
            deliver({
              medium: 'optical',
              text: code.text,
              format: code.format,
              readerId: id,
              seenAtMs: clock.monotonicMs(),
              decodeMs: 0,
            });
        };
        current = { take, end };
        signal.addEventListener('abort', onAbort, { once: true });
        take();
      }),
  };
}

// `hid://0c2e:0b61`: a scanner in HID POS mode. Its reports are put together by hid-scan.ts; a code that the scanner delivers twice
// is left to the lane, which knows what is one presentation. Pulled out, the run fails; plugged in again, the next one finds it.
import type { Clock, Reader } from '@postern/shared';
import type { OpenHid } from '../hid/hid-port.ts';
import type { HidAddress } from '../hid/hid-uri.ts';
import { readerFault } from './frame.ts';
import { createScanAssembler, type ScanAssembler } from './hid-scan.ts';

export interface HidReaderDeps {
  readonly id: string;
  readonly address: HidAddress;
  readonly open: OpenHid;
  readonly clock: Clock;
}

export interface HidReader extends Reader {
  readonly stats: ScanAssembler['stats'];
}

export function createHidReader({ id, address, open, clock }: HidReaderDeps): HidReader {
  let assembler = createScanAssembler(() => undefined);
  return {
    id,
    stats: () => assembler.stats(),
    run: async (deliver, signal) => {
      if (signal.aborted) return;
      const port = await open(address).catch((cause: unknown) => {
        throw readerFault('scanner-missing', cause instanceof Error ? cause.message : String(cause));
      });
      // A code that was half delivered when the scanner went away does not go on with the next one.
      assembler = createScanAssembler(({ text, format }) => {
        const seen = { medium: 'optical', text, readerId: id, seenAtMs: clock.monotonicMs() } as const;
        deliver(format === undefined ? seen : { ...seen, format });
      });
      try {
        await new Promise<void>((resolve, reject) => {
          if (signal.aborted) return resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
          port.on('error', (cause) => {
            const why = cause instanceof Error ? cause.message : String(cause);
            reject(readerFault('scanner-failed', `The scanner failed: ${why}`));
          });
          port.on('data', (report) => {
            if (!signal.aborted) assembler.push(report, clock.monotonicMs());
          });
        });
      } finally {
        // A device that is gone may refuse to be closed; there is nothing left to close.
        await port.close().catch(() => undefined);
      }
    },
  };
}

// The acceptance suite of the Reader port: what the lane and the supervisor rely on, whatever the device. Every reader runs it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { presentationTextCharsMax, type Reader } from '@postern/shared';
import { createCollector } from '../support/readers.ts';

export interface ReaderHarness {
  readonly reader: Reader;
  /** Holds a code in front of the reader, again and again if the device needs that, until `close`. */
  readonly show: (text: string) => Promise<void>;
  readonly close: () => Promise<void>;
  /** What a presentation says of what was shown, where that is no text. */
  readonly seenAs?: (text: string) => string;
}

export function describeReaderContract(name: string, createHarness: () => Promise<ReaderHarness>): void {
  describe(`${name} keeps the Reader contract`, () => {
    let harness: ReaderHarness;
    beforeEach(async () => {
      harness = await createHarness();
    });
    afterEach(() => harness.close());
    const seenAs = (text: string): string => harness.seenAs?.(text) ?? text;

    test('what is shown is delivered as a presentation that names the reader and the time', async () => {
      const { deliver, all, until } = createCollector();
      const stop = new AbortController();
      const running = harness.reader.run(deliver, stop.signal);
      await harness.show('PN1:CONTRACT');
      await until(1);
      stop.abort();
      await running;
      expect(all[0]).toMatchObject({ text: seenAs('PN1:CONTRACT'), readerId: harness.reader.id });
      expect(['optical', 'typed', 'nfc', 'ble']).toContain(all[0]?.medium);
      expect(Number.isFinite(all[0]?.seenAtMs)).toBe(true);
      for (const { text } of all) expect(text.length).toBeLessThanOrEqual(presentationTextCharsMax);
    });

    test('an abort ends the run without a rejection, and nothing is delivered after it', async () => {
      const { deliver, all } = createCollector();
      const stop = new AbortController();
      const running = harness.reader.run(deliver, stop.signal);
      stop.abort();
      await running;
      const delivered = all.length;
      await harness.show('PN1:TOO-LATE');
      expect(all).toHaveLength(delivered);
    });

    test('a signal that has aborted already ends the run before anything is delivered', async () => {
      const { deliver, all } = createCollector();
      await harness.reader.run(deliver, AbortSignal.abort());
      expect(all).toEqual([]);
    });

    test('a reader that was stopped can be run again', async () => {
      const first = new AbortController();
      const running = harness.reader.run(() => undefined, first.signal);
      first.abort();
      await running;
      const { deliver, texts, until } = createCollector();
      const second = new AbortController();
      const again = harness.reader.run(deliver, second.signal);
      await harness.show('PN1:AGAIN');
      await until(1);
      second.abort();
      await again;
      expect(texts()[0]).toBe(seenAs('PN1:AGAIN'));
    });
  });
}

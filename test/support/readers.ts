// What tests of readers have in common: clocks and loggers that stay quiet, a decoder that answers as told, a folder for frames.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ok, type Clock, type Logger, type Presentation, type Timer } from '@postern/shared';
import type { DecodeEffort, Decoder } from '../../gate-agent/src/readers/decoder.ts';
import type { DecodedCode, GreyFrame } from '../../gate-agent/src/readers/frame.ts';

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const systemClock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

/** A clock that moves only when told. */
export function createManualClock(): Clock & { readonly advance: (ms: number) => void } {
  let ms = 1_000;
  return { wallMs: () => ms, monotonicMs: () => ms, advance: (by) => void (ms += by) };
}

/** For readers that are of another kind. */
export const noNfc = (): never => {
  throw new Error('no NFC reader is opened here');
};

/** A folder that is removed after the test. */
export async function createScratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const someCode = (text: string): DecodedCode => {
  const corner = { x: 1, y: 1 };
  return { text, format: 'QRCode', corners: [corner, corner, corner, corner] };
};

/** A decoder without a thread: says what `read` says. */
export function createFakeDecoder(read: (frame: GreyFrame, effort: DecodeEffort) => readonly DecodedCode[]): Decoder {
  return {
    decode: async (frame, effort) => ok({ codes: read(frame, effort), decodeMs: 1, frame }),
    close: async () => undefined,
  };
}

/** Collects what a reader delivers; `until(n)` resolves when there are n. */
export function createCollector(): {
  readonly deliver: (presentation: Presentation) => void;
  readonly texts: () => readonly string[];
  readonly all: Presentation[];
  readonly until: (count: number) => Promise<void>;
} {
  const all: Presentation[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  return {
    all,
    deliver: (presentation) => {
      all.push(presentation);
      for (const { count, resolve } of waiting) if (all.length >= count) resolve();
    },
    texts: () => all.map((presentation) => presentation.text),
    until: (count) => new Promise((resolve) => (all.length >= count ? resolve() : waiting.push({ count, resolve }))),
  };
}

/** Waits for nothing: what is due later is due as soon as the loop is free. */
export const hurriedTimer: Timer = {
  after: (_, fn) => {
    const immediate = setImmediate(fn);
    return () => clearImmediate(immediate);
  },
};

// The worker thread that reads codes out of grey frames. The wasm comes from the package on disk. Frames arrive and go back by transfer, so
// no pixel is copied between threads.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { createSystemClock } from '../system.ts';
import type { DecodedCode, GreyFrame } from './frame.ts';
import { openCodeReader, readerWasmFile, type DecodeEffort } from './read-codes.ts';

export interface DecodeRequest {
  readonly id: number;
  readonly frame: GreyFrame;
  readonly effort: DecodeEffort;
}

export interface DecodeReply {
  readonly id: number;
  readonly codes: readonly DecodedCode[];
  /** Time in the decoder, without waiting. */
  readonly decodeMs: number;
  /** The request's pixels, given back. */
  readonly grey: Uint8Array<ArrayBuffer>;
}

/** A thread is a composition root of its own. */
const clock = createSystemClock();

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve(readerWasmFile));
const readCodes = await openCodeReader(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));

parentPort?.on('message', ({ id, frame, effort }: DecodeRequest) => {
  const startedMs = clock.monotonicMs();
  const codes = readCodes(frame, effort);
  const reply: DecodeReply = { id, codes, decodeMs: clock.monotonicMs() - startedMs, grey: frame.grey };
  parentPort?.postMessage(reply, [frame.grey.buffer]);
});

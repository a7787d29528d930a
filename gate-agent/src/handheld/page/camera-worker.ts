// Reads codes out of camera pictures beside the page, so that nobody's finger waits for it. The WebAssembly lies beside the page.
import { createBrowserClock } from '../core/browser-system.ts';
import { openCodeReader, type DecodeEffort } from '../../readers/read-codes.ts';

export interface LookRequest {
  readonly pixels: ArrayBuffer;
  readonly width: number;
  readonly height: number;
  readonly effort: DecodeEffort;
}
export type LookReply =
  | { readonly type: 'ready' }
  | {
      readonly type: 'looked';
      readonly codes: readonly { readonly text: string; readonly format: string }[];
      readonly decodeMs: number;
    };

/** What is used of a worker's global scope: its library cannot stand beside the one of pages. */
const scope = globalThis as unknown as {
  readonly postMessage: (reply: LookReply) => void;
  readonly addEventListener: (type: 'message', listener: (event: MessageEvent<LookRequest>) => void) => void;
};

const clock = createBrowserClock();
const file = await fetch(new URL(/* @vite-ignore */ '../zxing_reader.wasm', import.meta.url));
if (!file.ok) throw new Error('the code reader is not there');
const readCodes = await openCodeReader(await file.arrayBuffer());

scope.addEventListener('message', ({ data: { pixels, width, height, effort } }) => {
  const startedMs = clock.monotonicMs();
  const grey = toGrey(new Uint8ClampedArray(pixels), width * height);
  const codes = readCodes({ width, height, grey }, effort).map(({ text, format }) => ({ text, format }));
  scope.postMessage({ type: 'looked', codes, decodeMs: clock.monotonicMs() - startedMs });
});
scope.postMessage({ type: 'ready' });

/** ITU-R BT.601 luma, in whole numbers. */
function toGrey(rgba: Uint8ClampedArray, count: number): Uint8Array<ArrayBuffer> {
  const grey = new Uint8Array(count);
  for (let pixel = 0, at = 0; pixel < count; pixel += 1, at += 4)
    grey[pixel] = ((rgba[at] ?? 0) * 77 + (rgba[at + 1] ?? 0) * 150 + (rgba[at + 2] ?? 0) * 29) >> 8;
  return grey;
}

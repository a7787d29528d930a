// The thread behind painter.ts: each request becomes a clip of frames. The code itself is drawn by the renderer that the tests and
// the bench use too; around it goes a phone or a sheet of paper, behind it the doorway.
import { parentPort } from 'node:worker_threads';
import { qrModules, renderModules, type FrameLook, type ModuleRows } from '../lib/render-code-frame.ts';
import { paintBackdrop, putBefore } from './backdrop.ts';
import { frameHeight, frameWidth, type Handling } from './handling.ts';
import type { Clip, PaintReply, PaintRequest } from './painter.ts';

const doorwayFrames = 4;
const heldFrames = 4;
/** How far below its place the code is in the frames of its arrival, in pixels. */
const arrivalFallsPx = [260, 80];
/** The unrest of a hand, in pixels and degrees. */
const tremblePx = 1.6;
const trembleDeg = 0.8;

/** Share of the frame's height that a symbol takes when nothing else is asked for. */
const symbolShare = 0.56;
/** Smaller modules are hard to read from a hand; a big symbol is held closer instead, as far as the frame allows. */
const modulePxMin = 3;
const quietModules = 4;

const usualModulePx = (modules: number): number =>
  Math.min(
    (frameHeight * 0.92) / (modules + 2 * quietModules),
    Math.max((frameHeight * symbolShare) / modules, modulePxMin),
  );

/** The symbol with its quiet zone on what carries it: a phone's screen with a dark bezel, or plain paper. */
function onCarrier(rows: ModuleRows, carrier: 'phone' | 'paper'): ModuleRows {
  const columns = rows[0]?.length ?? 0;
  const [bezel, above] = carrier === 'phone' ? [2, 9] : [0, 2];
  const edge = '#'.repeat(bezel);
  const light = '.'.repeat(columns + 2 * quietModules);
  const screen = (row: string): string => `${edge}${row}${edge}`;
  const frame = Array<string>(bezel).fill('#'.repeat(columns + 2 * quietModules + 2 * bezel));
  const margin = Array<string>(quietModules + above).fill(screen(light));
  const side = '.'.repeat(quietModules);
  return [...frame, ...margin, ...rows.map((row) => screen(side + row + side)), ...margin, ...frame];
}

function paint(text: string | undefined, handling: Handling, seed: number): Clip {
  if (text === undefined)
    return {
      arriving: [],
      held: Array.from(
        { length: doorwayFrames },
        (_, index) => paintBackdrop(frameWidth, frameHeight, { noiseSd: 7, seed: seed + index }).grey,
      ),
    };
  const symbol = qrModules(text);
  const { carrier = 'phone', ...look } = handling;
  const rows = onCarrier(symbol, carrier);
  const shown: FrameLook = {
    noiseSd: 7,
    dark: 28,
    light: 222,
    modulePx: usualModulePx(symbol.length),
    ...look,
    quietModules: 0,
    background: 100,
    width: frameWidth,
    height: frameHeight,
  };
  const at = (index: number, fallPx: number): Uint8Array => {
    const code = renderModules(rows, {
      ...shown,
      rotationDeg: (shown.rotationDeg ?? 0) + Math.sin(index * 2.1) * trembleDeg,
      offsetX: (shown.offsetX ?? 0) + Math.sin(index * 1.3) * tremblePx,
      offsetY: (shown.offsetY ?? 0) + Math.cos(index * 1.7) * tremblePx + fallPx,
      seed: seed + index,
    });
    const behind = paintBackdrop(frameWidth, frameHeight, {
      visitorFallPx: fallPx * 0.4,
      visitorX: ((seed % 7) - 3) * 18,
      noiseSd: shown.noiseSd ?? 7,
      seed: seed + index,
    });
    return putBefore(behind, code, code.corners).grey;
  };
  return {
    arriving: arrivalFallsPx.map((fallPx, index) => at(index + heldFrames, fallPx)),
    held: Array.from({ length: heldFrames }, (_, index) => at(index, 0)),
  };
}

parentPort?.on('message', ({ id, text, handling, seed }: PaintRequest) => {
  parentPort?.postMessage(answer(id, text, handling, seed));
});

function answer(id: number, text: string | undefined, handling: Handling, seed: number): PaintReply {
  try {
    return { id, clip: paint(text, handling, seed) };
  } catch (cause) {
    // A text that fits no QR code is the asker's business; the thread goes on.
    return { id, complaint: cause instanceof Error ? cause.message : 'cannot be painted' };
  }
}

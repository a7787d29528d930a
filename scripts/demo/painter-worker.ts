// The thread behind painter.ts: each request becomes a clip of frames from the renderer that the tests and the bench use too.
import { parentPort } from 'node:worker_threads';
import { qrModules, renderCodeFrame, renderEmptyFrame, type CodeFrameOptions } from '../lib/render-code-frame.ts';
import { frameHeight, frameWidth, type Handling } from './handling.ts';
import type { Clip, PaintReply, PaintRequest } from './painter.ts';

const emptyFrames = 4;
const heldFrames = 5;
/** How far below its place the code is in the frames of its arrival, in pixels. */
const arrival = [300, 150, 50];
/** The unrest of a hand, in pixels and degrees. */
const tremblePx = 1.6;
const trembleDeg = 0.8;

/** Share of the frame's height that a symbol takes when nothing else is asked for. */
const symbolShare = 0.62;
/** Smaller modules are hard to read from a hand; a big symbol is held closer instead, as far as the frame allows. */
const modulePxMin = 3;
const quietModules = 4;

const usualModulePx = (modules: number): number => Math.min((frameHeight * 0.95) / (modules + 2 * quietModules), Math.max((frameHeight * symbolShare) / modules, modulePxMin));

function paint(text: string | undefined, handling: Handling, seed: number): Clip {
  if (text === undefined) {
    const held = Array.from({ length: emptyFrames }, (_, index) => renderEmptyFrame(frameWidth, frameHeight, 6, seed + index).grey);
    return { arriving: [], held };
  }
  const modulePx = handling.modulePx ?? usualModulePx(qrModules(text).length);
  const look: CodeFrameOptions = { noiseSd: 7, background: 118, dark: 28, light: 222, ...handling, text, modulePx, width: frameWidth, height: frameHeight };
  const at = (index: number, fallPx: number): Uint8Array =>
    renderCodeFrame({
      ...look,
      rotationDeg: (look.rotationDeg ?? 0) + Math.sin(index * 2.1) * trembleDeg,
      offsetX: (look.offsetX ?? 0) + Math.sin(index * 1.3) * tremblePx,
      offsetY: (look.offsetY ?? 0) + Math.cos(index * 1.7) * tremblePx + fallPx,
      seed: seed + index,
    }).grey;
  return {
    arriving: arrival.map((fallPx, index) => at(index + heldFrames, fallPx)),
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

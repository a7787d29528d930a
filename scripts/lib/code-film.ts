// What a phone's camera sees while people hold up codes, as a file that Chromium's fake camera shows again and again (YUV4MPEG2, grey).
import { closeSync, openSync, writeSync } from 'node:fs';
import { renderCodeFrame, type GreyFrame } from './render-code-frame.ts';

export interface FilmScene {
  /** Undefined: nobody holds up anything. */
  readonly text?: string;
  readonly frames: number;
}

const framesPerSecondUsually = 10;
const size = { width: 640, height: 480 };

export function writeCodeFilm(
  path: string,
  scenes: readonly FilmScene[],
  framesPerSecond = framesPerSecondUsually,
): void {
  const file = openSync(path, 'w');
  try {
    writeSync(file, `YUV4MPEG2 W${size.width} H${size.height} F${framesPerSecond}:1 Ip A1:1 C420jpeg\n`);
    for (const { text, frames } of scenes)
      for (let frame = 0; frame < frames; frame += 1) writeFrame(file, sceneFrame(text, frame));
  } finally {
    closeSync(file);
  }
}

/** Held in a hand: it moves a little, and no two pictures have the same noise. */
function sceneFrame(text: string | undefined, frame: number): GreyFrame {
  if (text === undefined) return { ...size, grey: new Uint8Array(size.width * size.height).fill(90 + (frame % 3)) };
  return renderCodeFrame({
    text,
    ...size,
    modulePx: 5,
    rotationDeg: (frame % 5) - 2,
    noiseSd: 4,
    dark: 30,
    light: 220,
    background: 110,
    seed: frame + 1,
  });
}

function writeFrame(file: number, { grey }: GreyFrame): void {
  writeSync(file, 'FRAME\n');
  writeSync(file, grey);
  // No colour.
  writeSync(file, Buffer.alloc(grey.length / 2, 128));
}

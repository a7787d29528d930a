// What a gate's decoder sees: the frame it was given, as the gate itself reports it, and the outline of the code it found.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GateName } from '../story.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The `preview-about` header of a frame. */
interface FrameAbout {
  readonly sequence: number;
  readonly width: number;
  readonly height: number;
  /** Corners are in pixels of the frame. */
  readonly code?: { readonly corners: readonly Point[]; readonly format: string; readonly decodeMs: number };
}

const retryMs = 400;
/** The outline stays this long after the last frame in which something was read. */
const outlineMs = 150;

export function CameraPicture({ gate, running }: { readonly gate: GateName; readonly running: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [label, setLabel] = useState<string | undefined>(undefined);

  useEffect(() => {
    const ending = new AbortController();
    let outline: Outline | undefined;
    void watch(gate, ending.signal, (about, grey) => {
      const context = canvas.current?.getContext('2d');
      if (!canvas.current || !context) return;
      const nowMs = performance.now();
      if (about.code) outline = { corners: about.code.corners, atMs: nowMs };
      else if (outline && nowMs - outline.atMs > outlineMs) outline = undefined;
      drawFrame(canvas.current, context, about, grey);
      if (outline) drawOutline(context, outline.corners, about.width);
      setLabel(about.code && `${about.code.format} read in ${about.code.decodeMs.toFixed(1)} ms`);
    });
    return () => ending.abort();
  }, [gate]);

  return (
    <figure class={running ? 'camera' : 'camera off'}>
      <canvas ref={canvas} width={640} height={480} />
      <figcaption>{running ? (label ?? 'looking …') : 'process killed'}</figcaption>
    </figure>
  );
}

/** Asks for one frame after the other; each answer waits until there is a newer one. */
async function watch(
  gate: GateName,
  signal: AbortSignal,
  onFrame: (about: FrameAbout, grey: Uint8Array) => void,
): Promise<void> {
  let sequence = -1;
  while (!signal.aborted) {
    try {
      const answer = await fetch(`/camera/${gate}?after=${sequence}`, { signal });
      if (answer.status !== 200) throw new Error(`status ${answer.status}`);
      const about = JSON.parse(answer.headers.get('preview-about') ?? '{}') as FrameAbout;
      onFrame(about, new Uint8Array(await answer.arrayBuffer()));
      sequence = about.sequence;
    } catch {
      // The gate is down or the demo has ended: keep the last picture and try again.
      sequence = -1;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}

interface Outline {
  readonly corners: readonly Point[];
  readonly atMs: number;
}

function drawFrame(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  { width, height }: FrameAbout,
  grey: Uint8Array,
): void {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let index = 0; index < pixels.length; index++) pixels[index] = 0xff000000 | ((grey[index] ?? 0) * 0x010101);
  context.putImageData(image, 0, 0);
}

/** Green on white, so that it shows on any picture. */
function drawOutline(context: CanvasRenderingContext2D, corners: readonly Point[], width: number): void {
  const path = new Path2D(`M${corners.map(({ x, y }) => `${x} ${y}`).join('L')}Z`);
  context.lineJoin = 'round';
  context.lineWidth = width / 64;
  context.strokeStyle = '#ffffffcc';
  context.stroke(path);
  context.lineWidth = width / 110;
  context.strokeStyle = '#00a36c';
  context.stroke(path);
}

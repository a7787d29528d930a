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
const outlineMs = 350;

export function CameraPicture({ gate, running }: { readonly gate: GateName; readonly running: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [label, setLabel] = useState<string | undefined>(undefined);

  useEffect(() => {
    const ending = new AbortController();
    void watch(gate, ending.signal, (about, grey) => {
      const context = canvas.current?.getContext('2d');
      if (!canvas.current || !context) return;
      draw(canvas.current, context, about, grey);
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
async function watch(gate: GateName, signal: AbortSignal, onFrame: (about: FrameAbout, grey: Uint8Array) => void): Promise<void> {
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

let lastOutline: { readonly canvas: HTMLCanvasElement; readonly corners: readonly Point[]; readonly atMs: number }[] = [];

function draw(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, about: FrameAbout, grey: Uint8Array): void {
  if (canvas.width !== about.width || canvas.height !== about.height) [canvas.width, canvas.height] = [about.width, about.height];
  const image = context.createImageData(about.width, about.height);
  const words = new Uint32Array(image.data.buffer);
  for (let index = 0; index < words.length; index++) words[index] = 0xff000000 | ((grey[index] ?? 0) * 0x010101);
  context.putImageData(image, 0, 0);

  const nowMs = performance.now();
  lastOutline = lastOutline.filter((outline) => outline.canvas !== canvas || (!about.code && nowMs - outline.atMs < outlineMs));
  if (about.code) lastOutline.push({ canvas, corners: about.code.corners, atMs: nowMs });
  const corners = lastOutline.find((outline) => outline.canvas === canvas)?.corners;
  if (!corners) return;
  context.beginPath();
  for (const [index, { x, y }] of corners.entries()) index === 0 ? context.moveTo(x, y) : context.lineTo(x, y);
  context.closePath();
  context.lineJoin = 'round';
  context.lineWidth = about.width / 80;
  context.strokeStyle = '#ffffffcc';
  context.stroke();
  context.lineWidth = about.width / 140;
  context.strokeStyle = '#00a36c';
  context.stroke();
}

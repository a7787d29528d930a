// What the cameras see, for a screen beside the gate: small grey frames with the outline of the code in them. Off unless the
// configuration says `preview = true`, since faces may be in the picture; never any text of a code. Only the newest frame of each
// reader is kept, and nothing is copied while nobody has asked lately.
import { Hono } from 'hono';
import { problem } from './problem.ts';

/** One frame as a camera reader reports it; `grey` belongs to the reader and is only valid during the call. */
export interface PreviewInput {
  readonly readerId: string;
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array;
  readonly result: {
    readonly corners: readonly { readonly x: number; readonly y: number }[];
    readonly format: string;
    readonly decodeMs: number;
  } | null;
}

export interface Preview {
  readonly offer: (frame: PreviewInput) => void;
  /** `GET /?after=SEQUENCE[&reader=ID]`: the first newer frame, luma bytes, described by the header `preview-about` (JSON). */
  readonly routes: Hono;
}

/** The header `preview-about`. Corners are in pixels of the small frame. */
interface PreviewAbout {
  readonly sequence: number;
  readonly reader: string;
  readonly width: number;
  readonly height: number;
  readonly code?: {
    readonly corners: readonly { readonly x: number; readonly y: number }[];
    readonly format: string;
    readonly decodeMs: number;
  };
}

interface PreviewFrame {
  readonly about: PreviewAbout;
  readonly grey: Uint8Array<ArrayBuffer>;
}

const widthMaxPx = 400;
const readersMax = 16;
const waitersMax = 32;
/** An asker waits this long for a newer frame. */
const answerWithinMs = 2_000;
/** Frames are kept while somebody has asked within this time. */
const interestMs = 5_000;

export function createPreview(monotonicMs: () => number): Preview {
  const newest = new Map<string, PreviewFrame>();
  const waiters = new Set<{
    readonly wants: (frame: PreviewFrame) => boolean;
    readonly take: (frame: PreviewFrame) => void;
  }>();
  let sequence = 0;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  const nextFrame = (
    wants: (frame: PreviewFrame) => boolean,
    signal: AbortSignal,
  ): Promise<PreviewFrame | undefined> => {
    const known = [...newest.values()].find(wants);
    if (known || waiters.size >= waitersMax) return Promise.resolve(known);
    return new Promise((resolve) => {
      const end = (frame?: PreviewFrame): void => {
        clearTimeout(timer);
        waiters.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        resolve(frame);
      };
      const onAbort = (): void => end();
      const waiter = { wants, take: end };
      const timer = setTimeout(end, answerWithinMs);
      waiters.add(waiter);
      signal.addEventListener('abort', onAbort);
    });
  };

  const routes = new Hono();
  routes.get('/', async (context) => {
    askedAtMs = monotonicMs();
    const after = Number(context.req.query('after') ?? -1);
    const reader = context.req.query('reader');
    if (!Number.isInteger(after)) return problem(context, 400, 'request-invalid', 'after must be a whole number');
    const frame = await nextFrame(
      ({ about }) => about.sequence > after && (reader === undefined || about.reader === reader),
      context.req.raw.signal,
    );
    if (frame === undefined) return context.body(null, 204);
    return context.body(frame.grey, 200, {
      'Content-Type': 'application/octet-stream',
      'preview-about': JSON.stringify(frame.about),
    });
  });

  return {
    routes,
    offer: (input) => {
      if (monotonicMs() - askedAtMs > interestMs || (!newest.has(input.readerId) && newest.size >= readersMax)) return;
      const frame = shrink(input, ++sequence);
      newest.set(input.readerId, frame);
      for (const waiter of waiters) if (waiter.wants(frame)) waiter.take(frame);
    },
  };
}

/** Mean of square blocks, so that the noise of the picture is still that of the camera but the bytes are few. */
function shrink({ readerId, width, height, grey, result }: PreviewInput, sequence: number): PreviewFrame {
  const block = Math.max(1, Math.ceil(width / widthMaxPx));
  const [wide, high] = [Math.floor(width / block), Math.floor(height / block)];
  const small = new Uint8Array(wide * high);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      let sum = 0;
      for (let row = 0; row < block; row++) {
        const start = (y * block + row) * width + x * block;
        for (let column = 0; column < block; column++) sum += grey[start + column] ?? 0;
      }
      small[y * wide + x] = sum / (block * block);
    }
  }
  const code = result && {
    corners: result.corners.map(({ x, y }) => ({ x: x / block, y: y / block })),
    format: result.format,
    decodeMs: result.decodeMs,
  };
  return { grey: small, about: { sequence, reader: readerId, width: wide, height: high, ...(code ? { code } : {}) } };
}

// The phone's camera as a reader: pictures go to workers, as fast as these take them, and codes come out. Which camera, its torch,
// and why there is none, for the page to show.
import { signal, type ReadonlySignal } from '@preact/signals';
import type { DecodeEffort } from '../../readers/read-codes.ts';
import type { LookReply, LookRequest } from './camera-worker.ts';

export type CameraState =
  | { readonly phase: 'off' | 'starting' | 'denied' | 'missing' | 'failed' }
  | {
      readonly phase: 'on';
      readonly devices: readonly { readonly id: string; readonly label: string }[];
      readonly device: string;
      /** Undefined where it has none. */
      readonly torch: boolean | undefined;
    };

export interface SeenCode {
  readonly text: string;
  readonly format: string;
  readonly decodeMs: number;
}

export interface Camera {
  readonly state: ReadonlySignal<CameraState>;
  /** The picture, for the page to show. */
  readonly stream: ReadonlySignal<MediaStream | undefined>;
  /** The camera of that id; without one the one that looks away from the person. */
  readonly start: (device?: string) => Promise<void>;
  readonly stop: () => void;
  readonly setTorch: (on: boolean) => Promise<void>;
}

/** Wide enough for a code at arm's length, small enough for an old phone. */
const lookWidth = 720;
/** One worker a line, each with its looks one after the other: most codes need the first alone, and it must not wait for long looks at what has none. */
const looksOfWorkers: readonly (readonly DecodeEffort[])[] = [
  ['quick'],
  ['turned', 'smoothed', 'enlarged', 'sharpened'],
];
/** A worker that has trapped is begun anew after so long. */
const restartMs = 1_000;

interface TorchTrack extends MediaStreamTrack {
  readonly getCapabilities: () => MediaTrackCapabilities & { readonly torch?: boolean };
}

export function createCamera(onCode: (code: SeenCode) => void): Camera {
  const state = signal<CameraState>({ phase: 'off' });
  const stream = signal<MediaStream | undefined>(undefined);
  let decoder: Decoder | undefined;
  let starts = 0;

  const stop = (): void => {
    starts += 1;
    decoder?.stop();
    decoder = undefined;
    for (const track of stream.peek()?.getTracks() ?? []) track.stop();
    stream.value = undefined;
    state.value = { phase: 'off' };
  };

  const start = async (device?: string): Promise<void> => {
    stop();
    const turn = starts;
    state.value = { phase: 'starting' };
    try {
      const opened = await openCamera(device);
      // Somebody has stopped it, or chosen another one, meanwhile.
      if (turn !== starts) {
        for (const track of opened.getTracks()) track.stop();
        return;
      }
      const [track] = opened.getVideoTracks() as TorchTrack[];
      if (track === undefined) return void (state.value = { phase: 'missing' });
      // A phone that takes it away for a call, or a plug that is pulled.
      track.addEventListener('ended', () => turn === starts && (stop(), (state.value = { phase: 'failed' })));
      stream.value = opened;
      state.value = {
        phase: 'on',
        devices: await listCameras(),
        device: track.getSettings().deviceId ?? '',
        torch: hasTorch(track) ? false : undefined,
      };
      decoder = await startDecoder(opened, onCode);
      if (turn !== starts) decoder.stop();
    } catch (cause) {
      if (turn !== starts) return;
      state.value = { phase: phaseOf(cause) };
    }
  };

  return {
    state,
    stream,
    start,
    stop,
    setTorch: async (on) => {
      const [track] = stream.peek()?.getVideoTracks() ?? [];
      const before = state.peek();
      if (track === undefined || before.phase !== 'on') return;
      try {
        await track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
        state.value = { ...before, torch: on };
      } catch {
        // A phone that has a torch and does not give it, when its battery is low.
        state.value = { ...before, torch: undefined };
      }
    },
  };
}

async function openCamera(device: string | undefined): Promise<MediaStream> {
  const ideal = { width: { ideal: 1_280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  const which = device === undefined ? { facingMode: { ideal: 'environment' } } : { deviceId: { exact: device } };
  if (!('mediaDevices' in navigator)) throw new DOMException('no cameras here', 'NotFoundError');
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { ...ideal, ...which } });
}

const listCameras = async (): Promise<readonly { readonly id: string; readonly label: string }[]> =>
  (await navigator.mediaDevices.enumerateDevices())
    .filter(({ kind }) => kind === 'videoinput')
    .map(({ deviceId, label }) => ({ id: deviceId, label }));

const hasTorch = (track: TorchTrack): boolean =>
  typeof track.getCapabilities === 'function' && track.getCapabilities().torch === true;

function phaseOf(cause: unknown): 'denied' | 'missing' | 'failed' {
  const name = cause instanceof DOMException ? cause.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'missing' : 'failed';
}

interface Decoder {
  readonly stop: () => void;
}

async function startDecoder(stream: MediaStream, onCode: (code: SeenCode) => void): Promise<Decoder> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const workers = looksOfWorkers.map((looks) => startLooking(looks, onCode));
  let stopped = false;

  const look = (): void => {
    if (stopped) return;
    const idle = workers.filter((worker) => worker.isIdle());
    if (idle.length > 0 && context !== null && video.videoWidth > 0) {
      const scale = Math.min(1, lookWidth / video.videoWidth);
      const [width, height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
      if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
      context.drawImage(video, 0, 0, width, height);
      for (const worker of idle) worker.look(context.getImageData(0, 0, width, height));
    }
    soon();
  };
  const soon = (): void => {
    // A camera whose page is hidden shows no pictures, and nobody looks.
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(look);
    else requestAnimationFrame(look);
  };
  soon();
  return {
    stop: () => {
      stopped = true;
      for (const worker of workers) worker.stop();
      video.srcObject = null;
    },
  };
}

interface LookingWorker {
  readonly isIdle: () => boolean;
  readonly look: (picture: ImageData) => void;
  readonly stop: () => void;
}

function startLooking(looks: readonly DecodeEffort[], onCode: (code: SeenCode) => void): LookingWorker {
  let worker: Worker | undefined;
  let stopped = false;
  let isIdle = false;
  let turn = 0;
  const start = (): void => {
    isIdle = false;
    worker = new Worker(new URL('./camera-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<LookReply>) => {
      isIdle = true;
      if (data.type === 'looked')
        for (const { text, format } of data.codes) onCode({ text, format, decodeMs: data.decodeMs });
    });
    worker.addEventListener('error', () => {
      worker?.terminate();
      if (!stopped) setTimeout(() => !stopped && start(), restartMs);
    });
  };
  start();
  return {
    isIdle: () => isIdle,
    look: ({ data, width, height }) => {
      isIdle = false;
      const effort = looks[turn++ % looks.length] ?? 'quick';
      const request: LookRequest = { pixels: data.buffer, width, height, effort };
      worker?.postMessage(request, [data.buffer]);
    },
    stop: () => {
      stopped = true;
      worker?.terminate();
    },
  };
}

// Faces at this gate: one thread with models for all lanes, one watch for each entry that has a camera. Nothing is loaded and no frame is
// copied before a lane holds a ticket that a face could prove.
import { ok, type Clock, type Lane, type Logger, type Result, type Timer } from '@postern/shared';
import type { LaneConfig } from '../config.ts';
import type { EventAtGate } from '../event-at-gate.ts';
import { createCameraReader, type CameraView } from '../readers/camera.ts';
import { parseCameraUri, type ReaderUriError } from '../readers/camera-uri.ts';
import { noCodes } from '../readers/decoder.ts';
import { createFaceCamera, createFrameTap, type FaceCamera } from './face-cameras.ts';
import { createFaceThread } from './face-thread.ts';
import { codeCameraIndex, readerId } from './lane-camera.ts';
import { createFaceWatch, type FaceHint, type FaceWatch } from './face-watch.ts';

export interface LaneFaces {
  readonly follow: FaceWatch['follow'];
  /** What the camera that reads codes sees, where faces are looked for in that. */
  readonly passFrame?: { readonly reader: string; readonly pass: (view: CameraView) => void };
}

export interface FacesAtGate {
  /** Undefined for a lane that has no camera, or lets people out. */
  readonly addLane: (config: LaneConfig, prove: Lane['prove']) => Result<LaneFaces | undefined, ReaderUriError>;
  readonly hint: (lane: string) => FaceHint | undefined;
  readonly close: () => Promise<void>;
}

export interface FacesAtGateDeps {
  /** The gate's own first. */
  readonly events: readonly [EventAtGate, ...EventAtGate[]];
  readonly clock: Clock;
  readonly timer: Timer;
  readonly logger: Logger;
  /** What is shown of a lane is another thing now. */
  readonly changed: () => void;
}

export function createFacesAtGate(deps: FacesAtGateDeps): FacesAtGate {
  const { events, clock, timer, logger } = deps;
  const engine = createFaceThread();
  const watches = new Map<string, FaceWatch>();
  const eventOf = (event: number): EventAtGate => events.find((known) => known.event === event) ?? events[0];

  const openOwnCamera = (id: string, uri: string): Result<FaceCamera, ReaderUriError> => {
    const input = parseCameraUri(uri);
    if (!input.ok) return input;
    const tap = createFrameTap(id);
    const common = { id, input: input.value, decoder: noCodes, clock, logger, timer };
    return ok(createFaceCamera(tap, createCameraReader({ ...common, onFrame: tap.pass })));
  };

  return {
    addLane: (config, prove) => {
      const { id, direction, readers, faceCamera } = config;
      const index = codeCameraIndex(readers);
      if (direction !== 'entry' || (faceCamera === undefined && index < 0)) return ok(undefined);
      const tap = createFrameTap(readerId(id, index));
      const camera = faceCamera === undefined ? ok(tap) : openOwnCamera(`${id}-face`, faceCamera);
      if (!camera.ok) return camera;
      const watch = createFaceWatch({
        lane: { id, prove },
        camera: camera.value,
        engine,
        policyOf: (event) => eventOf(event).feed.policy(),
        facesOf: (event) => eventOf(event).lookups.face?.(),
        time: events[0].context.time,
        monotonicMs: clock.monotonicMs,
        timer,
        logger,
        changed: deps.changed,
      });
      watches.set(id, watch);
      return ok({
        follow: watch.follow,
        ...(faceCamera === undefined ? { passFrame: { reader: tap.id, pass: tap.pass } } : {}),
      });
    },
    hint: (lane) => watches.get(lane)?.hint(),
    close: async () => {
      for (const watch of watches.values()) watch.close();
      await engine.close();
    },
  };
}

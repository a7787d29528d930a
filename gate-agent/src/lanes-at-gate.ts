// The lanes of this gate with all that hangs on each: its turnstile, lamps, readers and the camera that looks for faces, and what lanes
// share of it. Nothing moves and nothing is read until they are started.
import {
  createLane,
  createSupervisor,
  decide,
  err,
  ok,
  type Clock,
  type Lane,
  type LaneEvent,
  type Logger,
  type MethodRegistry,
  type Random,
  type Result,
  type Supervisor,
  type Timer,
} from '@postern/shared';
import { createLaneActuators } from './actuators/lane-actuators.ts';
import { bleBands, nfcBands, type BandSource } from './bands/next-band.ts';
import { pcscSocketPath, type GateConfig, type LaneConfig } from './config.ts';
import type { EventAtGate } from './event-at-gate.ts';
import type { FaceHint } from './face/face-watch.ts';
import { createFacesAtGate, type LaneFaces } from './face/faces-at-gate.ts';
import { readerId } from './face/lane-camera.ts';
import { createGpioPrograms } from './gpio/programs.ts';
import type { CameraView } from './readers/camera.ts';
import { createDecoder, type Decoder } from './readers/decoder.ts';
import { createNfcService, type NfcService } from './readers/nfc-service.ts';
import { openReader } from './readers/open.ts';
import { createLaneSignal, parseSignal, type LaneSignal } from './signals/open.ts';
import type { StaffCall } from './staff-calls.ts';

export interface LanesAtGateDeps {
  readonly config: Pick<GateConfig, 'gate' | 'lanes'>;
  /** The gate's own first. */
  readonly events: readonly [EventAtGate, ...EventAtGate[]];
  readonly registry: MethodRegistry;
  /** What a lane says; synchronous. */
  readonly tell: (event: LaneEvent) => void;
  /** What is shown of a lane is another thing now, though it has said nothing. */
  readonly refresh: () => void;
  /** Sees what cameras see. */
  readonly preview: ((view: CameraView) => void) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly onStop: (close: () => Promise<void> | void) => void;
}

export interface LanesAtGate {
  readonly lanes: readonly Lane[];
  readonly readers: readonly { readonly lane: string; readonly supervisor: Supervisor }[];
  /** Where the band desk can take bands from, by reader. */
  readonly bandSources: ReadonlyMap<string, BandSource>;
  readonly faceHint: (lane: string) => FaceHint | undefined;
  /** Lights the lamps of lanes at which somebody asks for staff. */
  readonly showCalls: (waiting: readonly StaffCall[]) => void;
}

export interface LaneError {
  readonly type: string;
  /** Names the lane, and what would be right. */
  readonly cause: string;
}

export function openLanes(deps: LanesAtGateDeps): Result<LanesAtGate, LaneError> {
  const { config, events, registry, clock, random, timer, logger, onStop } = deps;
  const [own, ...furtherEvents] = events;
  const lanes: Lane[] = [];
  const readers: { readonly lane: string; readonly supervisor: Supervisor }[] = [];
  const bandSources = new Map<string, BandSource>();
  const lampsOf = new Map<string, LaneSignal>();
  const faces = createFacesAtGate({ events, clock, timer, logger, changed: deps.refresh });
  onStop(faces.close);
  let decoder: Decoder | undefined;
  onStop(async () => decoder?.close());
  let nfc: NfcService | undefined;
  onStop(() => nfc?.close());
  const actuators = createLaneActuators({ timer, logger });
  onStop(actuators.close);

  const openLane = (laneConfig: LaneConfig): Result<void, LaneError> => {
    const { id, direction, onFailure, holdTimeoutMs, companions } = laneConfig;
    const actuator = actuators.open(laneConfig);
    if (!actuator.ok) return wrong(id, actuator.error);
    const lamps = openLamps(laneConfig);
    if (!lamps.ok) return lamps;
    const face = faces.addLane(laneConfig, (holdId, seen) => lane.prove(holdId, seen));
    if (!face.ok) return wrong(id, face.error);
    const lane: Lane = createLane(
      { id, zone: config.gate.zone, direction, onFailure, holdTimeoutMs, companions },
      {
        context: own.context,
        registry,
        store: own.store,
        furtherEvents,
        actuator: actuator.value,
        decide,
        timer,
        logger,
        listener: (event) => {
          deps.tell(event);
          if (event.type !== 'state') return;
          lamps.value?.show(event.state);
          face.value?.follow(event.state);
        },
      },
    );
    lanes.push(lane);
    return openReaders(laneConfig, lane, face.value?.passFrame);
  };

  const openLamps = ({ id, signal }: LaneConfig): Result<LaneSignal | undefined, LaneError> => {
    if (signal === undefined) return ok(undefined);
    const uri = parseSignal(signal);
    if (!uri.ok) return wrong(id, { ...uri.error, cause: `signal: ${uri.error.cause}` });
    const lamps = createLaneSignal(uri.value, { programs: createGpioPrograms(), timer, logger });
    lampsOf.set(id, lamps);
    onStop(lamps.close);
    return ok(lamps);
  };

  const openReaders = (
    laneConfig: LaneConfig,
    lane: Lane,
    faceFrame: LaneFaces['passFrame'],
  ): Result<void, LaneError> => {
    for (const [index, uri] of laneConfig.readers.entries()) {
      const id = readerId(lane.id, index);
      const viewers = [deps.preview, faceFrame?.reader === id ? faceFrame.pass : undefined].filter(
        (viewer) => viewer !== undefined,
      );
      const reader = openReader(uri, {
        id,
        gate: config.gate.id,
        clock,
        random,
        logger,
        timer,
        stdin: process.stdin,
        decoder: () => (decoder ??= createDecoder()),
        nfc: () => (nfc ??= createNfcService({ socketPath: pcscSocketPath(), timer })),
        onNfc: (nfcReader) => bandSources.set(id, nfcBands(nfcReader)),
        onBle: (bleReader) => bandSources.set(id, bleBands(bleReader, { random, logger })),
        ...(viewers.length === 0 ? {} : { onFrame: (view) => viewers.forEach((see) => see(view)) }),
      });
      if (!reader.ok) return wrong(lane.id, reader.error);
      readers.push({
        lane: lane.id,
        supervisor: createSupervisor({
          reader: reader.value,
          deliver: (presentation) => void lane.present(presentation),
          clock,
          random,
          logger,
          timer,
        }),
      });
    }
    return ok(undefined);
  };

  for (const laneConfig of config.lanes) {
    const opened = openLane(laneConfig);
    if (!opened.ok) return opened;
  }
  return ok({
    lanes,
    readers,
    bandSources,
    faceHint: faces.hint,
    showCalls: (waiting) => {
      for (const [lane, lamps] of lampsOf) lamps.call(waiting.some((call) => call.lane === lane));
    },
  });
}

const wrong = (
  lane: string,
  error: { readonly type: string } & ({ readonly cause: string } | { readonly message: string }),
): Result<never, LaneError> =>
  err({ type: error.type, cause: `lane ${lane}: ${'cause' in error ? error.cause : error.message}` });

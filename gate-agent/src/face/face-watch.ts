// One lane's look at a face: begins when the lane holds a ticket for a further proof that a face could be, takes frames for some seconds, and
// proves the ticket with the first one that is near enough and has moved. Otherwise it says nothing against anybody: the hold goes on, and a
// person decides. Frames are held one at a time and end in memory.
import {
  enrolledFace,
  faceDistance,
  facePatch,
  faceMethodId,
  faceTemplate,
  gateLimits,
  hasMoved,
  weighProofs,
  type AdmissionPolicy,
  type Claim,
  type EnrolledFace,
  type FaceFault,
  type FaceLookups,
  type GreyPicture,
  type Lane,
  type LaneState,
  type Logger,
  type RefusalCode,
  type Timer,
  type TrustedTime,
} from '@postern/shared';
import { createBell, withAbort } from '../waiting.ts';
import type { FaceCamera } from './face-cameras.ts';
import type { FaceLooker, FaceThreadError } from './face-thread.ts';
import type { FaceLook } from './messages.ts';

/** What a lane's screen says of the look. */
export type FaceHint =
  | { readonly type: 'look' | FaceFault['type'] }
  /** Why it is a person's turn: nothing was near enough in time, or there is nothing to compare with, or to look with. */
  | { readonly type: 'over'; readonly why: FaceOver };
export type FaceOver = RefusalCode | 'camera' | 'engine';

export interface FaceWatch {
  /** Whatever the lane says of itself; a state that waits for no face ends the look. */
  readonly follow: (state: LaneState) => void;
  readonly hint: () => FaceHint | undefined;
  readonly close: () => void;
}

export interface FaceWatchDeps {
  readonly lane: Pick<Lane, 'id' | 'prove'>;
  readonly camera: FaceCamera;
  readonly engine: FaceLooker;
  readonly policyOf: (event: number) => AdmissionPolicy;
  readonly facesOf: (event: number) => FaceLookups | undefined;
  readonly time: () => TrustedTime;
  readonly monotonicMs: () => number;
  readonly timer: Timer;
  readonly logger: Logger;
  /** The hint is another one. */
  readonly changed: () => void;
}

/** A machine that cannot look is not asked for ever. */
const engineFaultsMax = 3;
/** Between two frames that are to show movement. */
const movementAfterMs = 300;

type Held = Extract<LaneState, { name: 'held' }>;
type Seen = Extract<FaceLook, { type: 'face' }>;

export function createFaceWatch(deps: FaceWatchDeps): FaceWatch {
  const { lane, camera, engine, timer, logger } = deps;
  let look: { readonly holdId: string; readonly end: AbortController } | undefined;
  let hint: FaceHint | undefined;

  const say = (next: FaceHint | undefined): void => {
    const isSame = hint?.type === next?.type && hint?.type !== 'over';
    hint = next;
    if (!isSame) deps.changed();
  };
  const giveUp = (why: FaceOver): void => {
    logger.info({ lane: lane.id, why }, 'No face could prove the ticket: a person decides');
    say({ type: 'over', why });
  };

  const begin = ({ holdId, decision }: Held): void => {
    const { claim, others = [] } = decision;
    const policy = deps.policyOf(claim.event);
    const faces = deps.facesOf(claim.event);
    if (faces === undefined || !wouldHelp(policy, decision.ticket.type, [claim, ...others])) return;
    const enrolled = enrolledFace(faces, claim.event, claim.ticketId);
    const end = new AbortController();
    look = { holdId, end };
    if (!enrolled.ok) return giveUp(enrolled.error.type);
    // The person before a transfer.
    if (enrolled.value.epoch !== claim.epoch) return giveUp('face-unknown');
    // Whatever the clock is worth: what was promised to be gone is not used.
    if (deps.time().nowMs >= faces.rules.untilS * 1_000) return giveUp('face-erased');
    say({ type: 'look' });
    void run(holdId, claim, enrolled.value, end.signal);
  };

  const run = (holdId: string, claim: Claim, enrolled: EnrolledFace, ended: AbortSignal): Promise<void> =>
    withAbort(ended, async (controller) => {
      let cancel = (): void => undefined;
      // Also where models or a camera hang.
      const timeOver = new Promise<FaceOver>((resolve) => {
        cancel = timer.after(enrolled.rules.lookS * 1_000, () => resolve('face-unproven'));
      });
      const over = await Promise.race([compare(holdId, claim, enrolled, controller.signal), timeOver]);
      cancel();
      // A camera of its own stops.
      controller.abort();
      if (!ended.aborted && over !== undefined) giveUp(over);
    });

  /** Why a person has to decide; undefined where the ticket is proved, or the hold is over. */
  const compare = async (
    holdId: string,
    { ticketId }: Claim,
    { template, rules }: EnrolledFace,
    signal: AbortSignal,
  ): Promise<FaceOver | undefined> => {
    const frames = takeFrames(camera, timer, signal);
    const stillness = createStillness(deps.monotonicMs);
    let faults = 0;
    for await (const picture of frames.each()) {
      const looked = await engine.look(picture, gateLimits);
      if (signal.aborted) break;
      if (!looked.ok) {
        // Other lanes are looked at first: the next frame asks again.
        if (looked.error.type === 'busy') continue;
        if (++faults >= engineFaultsMax || isForGood(looked.error)) return logFault(looked.error);
        continue;
      }
      const seen = looked.value;
      if (seen.type !== 'face') {
        say({ type: seen.type });
        continue;
      }
      say({ type: 'look' });
      const live = faceTemplate([seen.descriptor]);
      if (live === undefined || faceDistance(live, template) > rules.distanceMax) continue;
      if (!stillness.hasEnded(picture, seen)) continue;
      const presentation = {
        medium: 'face',
        text: `face:${ticketId}`,
        ticketId,
        template: live,
        readerId: camera.id,
        seenAtMs: deps.monotonicMs(),
      } as const;
      const proved = await lane.prove(holdId, presentation);
      return !proved.ok && proved.error.type === 'proof-refused' ? proved.error.refusal.type : undefined;
    }
    if (frames.fault() !== undefined) {
      logger.warn({ lane: lane.id, camera: camera.id, cause: frames.fault() }, 'The camera for faces failed');
      return 'camera';
    }
    return 'face-unproven';
  };

  const logFault = (error: FaceThreadError): FaceOver => {
    logger.warn({ lane: lane.id, error }, 'Faces cannot be looked at');
    return 'engine';
  };

  const stop = (): void => {
    if (look === undefined) return;
    look.end.abort();
    look = undefined;
    say(undefined);
  };

  return {
    follow: (state) => {
      const isAsked = state.name === 'held' && state.decision.reason === 'second-factor';
      if (isAsked && look?.holdId === state.holdId && !look.end.signal.aborted && hint !== undefined) {
        // The same hold, said again after another proof: what is missing may be another thing now.
        const { claim, others = [] } = state.decision;
        if (wouldHelp(deps.policyOf(claim.event), state.decision.ticket.type, [claim, ...others])) return;
      }
      stop();
      if (isAsked) begin(state);
    },
    hint: () => hint,
    close: stop,
  };
}

/** Whether a face is among what could still admit with this type of ticket. */
function wouldHelp(policy: AdmissionPolicy, typeId: number, claims: readonly Claim[]): boolean {
  const proofs = policy.types.find(({ id }) => id === typeId)?.proofs ?? [];
  const isAsked = proofs.some((combination) => combination.includes(faceMethodId));
  const isShown = claims.some(({ method }) => method === faceMethodId);
  if (!isAsked || isShown || policy.methodsOff.includes(faceMethodId)) return false;
  return weighProofs(proofs, [...claims, { method: faceMethodId }]) !== 'never';
}

const isForGood = ({ type }: FaceThreadError): boolean =>
  type === 'models-missing' || type === 'closed' || type === 'frame-too-large';

/** The newest frame each time somebody is ready for one, until `signal` aborts or the camera fails. */
function takeFrames(
  camera: FaceCamera,
  timer: Timer,
  signal: AbortSignal,
): { readonly each: () => AsyncIterable<GreyPicture>; readonly fault: () => string | undefined } {
  const bell = createBell(timer);
  let newest: GreyPicture | undefined;
  let fault: string | undefined;
  let ended = false;
  const offer = (picture: GreyPicture): void => {
    newest = picture;
    bell.ring();
  };
  void camera
    .watch(offer, signal)
    .catch((cause: unknown) => void (fault = cause instanceof Error ? cause.message : String(cause)))
    .finally(() => {
      ended = true;
      bell.ring();
    });
  return {
    fault: () => fault,
    each: async function* () {
      while (!signal.aborted) {
        const rings = bell.rings();
        const picture = newest;
        newest = undefined;
        if (picture !== undefined) yield picture;
        else if (ended) return;
        else await bell.wait(rings, frameWaitMs, signal);
      }
    },
  };
}
const frameWaitMs = 1_000;

/**
 * A picture that lies or hangs before the camera does not move at all, a person always does a little. Frames are compared in the place of the
 * first face: what moves there has moved, whatever it is. A photograph in a hand moves, too, and is not found out.
 */
function createStillness(monotonicMs: () => number): {
  readonly hasEnded: (picture: GreyPicture, seen: Seen) => boolean;
} {
  let first: { readonly seen: Seen; readonly patch: Float64Array; readonly atMs: number } | undefined;
  return {
    hasEnded: (picture, seen) => {
      const nowMs = monotonicMs();
      if (first === undefined) {
        first = { seen, patch: facePatch(picture, seen.box), atMs: nowMs };
        return false;
      }
      return nowMs - first.atMs >= movementAfterMs && hasMoved(first.patch, facePatch(picture, first.seen.box));
    },
  };
}

// Between a camera and the decoder: one frame is being decoded, the newest of those that came meanwhile waits, every other one is
// dropped and counted. Nothing queues, so what is decoded is always what the camera sees now.
import type { GreyFrame } from './frame.ts';

export interface FramePump {
  /** Takes the frame over. */
  readonly offer: (frame: GreyFrame) => void;
  /** Resolves when nothing is being decoded and nothing waits. */
  readonly idle: () => Promise<void>;
  readonly dropped: () => number;
}

/** `handle` must not reject. */
export function createFramePump(handle: (frame: GreyFrame) => Promise<void>): FramePump {
  let latest: GreyFrame | undefined;
  let working: Promise<void> | undefined;
  let dropped = 0;

  const work = async (first: GreyFrame): Promise<void> => {
    for (let frame: GreyFrame | undefined = first; frame; frame = take()) await handle(frame);
    working = undefined;
  };
  const take = (): GreyFrame | undefined => {
    const frame = latest;
    latest = undefined;
    return frame;
  };
  return {
    offer: (frame) => {
      if (!working) {
        working = work(frame);
        return;
      }
      if (latest) dropped++;
      latest = frame;
    },
    idle: async () => {
      await working;
    },
    dropped: () => dropped,
  };
}

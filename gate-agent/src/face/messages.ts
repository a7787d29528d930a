// What goes between a gate and its thread of face models.
import type { FaceBox, FaceFault, FaceLimits, FaceQuality, GreyPicture } from '@postern/shared';

export interface FaceRequest {
  readonly id: number;
  readonly picture: GreyPicture;
  readonly limits: FaceLimits;
}

/** One face that is worth comparing, or why there is none. */
export type FaceLook =
  | {
      readonly type: 'face';
      /** 128 numbers. */
      readonly descriptor: readonly number[];
      readonly box: FaceBox;
      readonly quality: FaceQuality;
    }
  | FaceFault;

export interface FaceReply {
  readonly id: number;
  readonly look: FaceLook;
  readonly lookMs: number;
}

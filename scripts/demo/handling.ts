// The frame that the demo's cameras deliver, and how somebody holds a code into it. Browser-safe.

export const frameWidth = 640;
export const frameHeight = 480;

/** How somebody holds up a code, and what it has been through. */
export interface Handling {
  readonly carrier?: 'phone' | 'paper';
  readonly rotationDeg?: number;
  readonly blurPx?: number;
  readonly noiseSd?: number;
  readonly modulePx?: number;
  /** A symbol's size as a share of the frame's height is `modulePx` times its modules; where its centre lies, in pixels. */
  readonly offsetX?: number;
  readonly offsetY?: number;
  /** Grey levels of dark and light: a dim screen, a thermal print that has faded. */
  readonly dark?: number;
  readonly light?: number;
}

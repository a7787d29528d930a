// The picture of a pass where the organiser has given none: a narrow gate, drawn at the sizes that Apple Wallet asks for.
import { encodePng } from '../png.ts';

/** Points; twice and three times as many pixels on finer screens. */
const iconPoints = 29;

export const drawIcons = (): ReadonlyMap<string, Uint8Array> =>
  new Map([1, 2, 3].map((scale) => [`icon${scale === 1 ? '' : `@${scale}x`}.png`, drawGate(iconPoints * scale)]));

/** White, an arch in black, and in it the opening, white again. */
function drawGate(pixels: number): Uint8Array {
  const dark = new Uint8Array(pixels * pixels);
  const isInArch = (x: number, y: number, halfWidth: number, top: number): boolean => {
    const fromMiddle = Math.abs(x - 0.5);
    const springs = top + halfWidth;
    return y < springs ? Math.hypot(fromMiddle, springs - y) < halfWidth : fromMiddle < halfWidth && y < 0.88;
  };
  for (let row = 0; row < pixels; row++)
    for (let column = 0; column < pixels; column++) {
      const [x, y] = [(column + 0.5) / pixels, (row + 0.5) / pixels];
      if (isInArch(x, y, 0.36, 0.1) && !isInArch(x, y, 0.2, 0.28)) dark[row * pixels + column] = 1;
    }
  return encodePng(pixels, pixels, dark);
}

// Our picture, a narrow gate, where one has to be a PNG: on the home screen of a phone, and on a wallet's pass where the organiser has given none.
// `my-ticket/public/icon.svg` is the same.
import { encodePng } from './png.ts';

const drawn = new Map<number, Uint8Array>();

/** A square PNG: white, an arch in black, and in it the opening, white again. Drawn once a size. */
export function gateIcon(pixels: number): Uint8Array {
  const icon = drawn.get(pixels) ?? draw(pixels);
  drawn.set(pixels, icon);
  return icon;
}

function draw(pixels: number): Uint8Array {
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

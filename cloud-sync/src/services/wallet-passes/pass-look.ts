// How the passes of this deployment look: whose they are, their colour, their pictures.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '@postern/shared';
import { gateIcon } from '../gate-icon.ts';
import { readAs, unfit, type WalletError } from './apple-signer.ts';

export interface PassLook {
  readonly organisation: string;
  /** `#rrggbb`. */
  readonly background: string;
  readonly foreground: string;
  /** For Apple Wallet, by file name. */
  readonly images: ReadonlyMap<string, Uint8Array>;
}

export interface LookSettings {
  readonly organisation: string;
  readonly colour: string;
  /** A folder with pictures of one's own. */
  readonly images?: string | undefined;
}

const imageName = /^(?:icon|logo|strip|background|thumbnail)(?:@[23]x)?\.png$/;
const imageBytesMax = 512 * 1024;
const pngSignature = '89504e470d0a1a0a';

export function readPassLook({ organisation, colour, images }: LookSettings): Result<PassLook, WalletError> {
  const pictures = images === undefined ? ok(drawIcons()) : readImages(images);
  if (!pictures.ok) return pictures;
  return ok({ organisation, background: colour, foreground: readableOn(colour), images: pictures.value });
}

/** Points; twice and three times as many pixels on finer screens. */
const iconPoints = 29;

const drawIcons = (): ReadonlyMap<string, Uint8Array> =>
  new Map([1, 2, 3].map((scale) => [`icon${scale === 1 ? '' : `@${scale}x`}.png`, gateIcon(iconPoints * scale)]));

/** All that Apple Wallet knows by name; without an icon it takes no pass. */
function readImages(folder: string): Result<ReadonlyMap<string, Uint8Array>, WalletError> {
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => imageName.test(name));
  } catch {
    return unfit(`${folder} is not a folder that can be read`);
  }
  const images = new Map<string, Uint8Array>();
  for (const name of names.toSorted()) {
    const image = readAs(join(folder, name), `a PNG of at most ${imageBytesMax} bytes`, (bytes) => {
      if (bytes.length > imageBytesMax || bytes.toString('hex', 0, 8) !== pngSignature) throw new Error(name);
      return bytes;
    });
    if (!image.ok) return image;
    images.set(name, image.value);
  }
  return images.has('icon.png') ? ok(images) : unfit(`${folder} has no icon.png`);
}

/** Black or white, whichever stands out more (relative luminance of WCAG 2). */
function readableOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}

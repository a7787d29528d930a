// QR codes as SVG and PNG with a line of readable text underneath.
import { qrModules, qrPath, qrQuietModules as quietModules } from '@postern/shared';
import { glyphHeight, glyphRows, glyphWidth } from './glyphs.ts';
import { encodePng } from './png.ts';

/** Height of the caption's line, in modules. */
const captionModules = 5;
const pngModulePx = 8;
const pngGlyphPx = 4;

export interface QrPicture {
  readonly text: string;
  /** Printed underneath; capital letters, digits and dashes in the PNG. */
  readonly caption?: string;
}

/** An SVG document that scales to any size. */
export function renderQrSvg({ text, caption }: QrPicture): string {
  const modules = qrModules(text);
  const width = modules.length + 2 * quietModules;
  const height = width + (caption === undefined ? 0 : captionModules);
  const line =
    caption === undefined
      ? ''
      : `<text x="${width / 2}" y="${width + 1}" text-anchor="middle" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="4" font-weight="600" letter-spacing=".3">${escapeXml(caption)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img"><rect width="100%" height="100%" fill="#fff"/><path d="${qrPath(modules)}"/>${line}</svg>`;
}

/** PNG bytes, black on white, 8 pixels a module. */
export function renderQrPng({ text, caption }: QrPicture): Uint8Array {
  const modules = qrModules(text);
  const width = (modules.length + 2 * quietModules) * pngModulePx;
  const height = width + (caption === undefined ? 0 : captionModules * pngModulePx);
  const dark = new Uint8Array(width * height);
  const fill = (left: number, top: number, size: number): void => {
    for (let y = top; y < top + size; y++) dark.fill(1, y * width + left, y * width + left + size);
  };
  for (const [y, row] of modules.entries())
    for (const [x, isDark] of row.entries())
      if (isDark) fill((x + quietModules) * pngModulePx, (y + quietModules) * pngModulePx, pngModulePx);
  if (caption !== undefined) {
    const left = Math.max(0, Math.floor((width - caption.length * (glyphWidth + 1) * pngGlyphPx) / 2));
    const top =
      width -
      quietModules * pngModulePx +
      Math.floor(((quietModules + captionModules) * pngModulePx - glyphHeight * pngGlyphPx) / 2);
    for (const [index, character] of [...caption].entries())
      for (const [y, row] of glyphRows(character).entries())
        for (let x = 0; x < glyphWidth; x++)
          if ((row >> (glyphWidth - 1 - x)) & 1)
            fill(left + (index * (glyphWidth + 1) + x) * pngGlyphPx, top + y * pngGlyphPx, pngGlyphPx);
  }
  return encodePng(width, height, dark);
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

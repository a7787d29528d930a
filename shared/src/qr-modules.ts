// The one place that imports `qr`: a text as the modules of a QR code (ISO/IEC 18004), for paper, pictures and screens. Alphanumeric mode
// where the text allows it, error correction M.
import { encodeQR } from 'qr';

/** Quiet zone on every side, in modules. */
export const qrQuietModules = 4;

/** Rows of modules, dark is true, without the quiet zone. The library insists on a border of one, which is cut off. */
export const qrModules = (text: string): readonly (readonly boolean[])[] =>
  encodeQR(text, 'raw', { ecc: 'medium', border: 1 })
    .slice(1, -1)
    .map((row) => row.slice(1, -1));

/** The dark modules as a path of an SVG, in units of a module, inside the quiet zone. */
export const qrPath = (modules: readonly (readonly boolean[])[]): string =>
  modules
    .map((row, y) =>
      row.map((dark, x) => (dark ? `M${x + qrQuietModules} ${y + qrQuietModules}h1v1h-1z` : '')).join(''),
    )
    .join('');

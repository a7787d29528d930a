// Base45 (RFC 9285): bytes as QR alphanumeric text. Strict: what the encoder would not write is refused.
import { err, ok, type Result } from './result.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const valueByCharCode = new Int8Array(128).fill(-1);
for (let value = 0; value < alphabet.length; value++) valueByCharCode[alphabet.charCodeAt(value)] = value;

export type Base45Error = { readonly type: 'malformed'; readonly cause: string };

/** Two bytes become three characters, a last single byte two. */
export function base45Encode(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index + 1 < bytes.length; index += 2) {
    const pair = (bytes[index] ?? 0) * 256 + (bytes[index + 1] ?? 0);
    text +=
      alphabet.charAt(pair % 45) +
      alphabet.charAt(Math.floor(pair / 45) % 45) +
      alphabet.charAt(Math.floor(pair / 2025));
  }
  const last = bytes.length % 2 === 1 ? bytes[bytes.length - 1] : undefined;
  return last === undefined ? text : text + alphabet.charAt(last % 45) + alphabet.charAt(Math.floor(last / 45));
}

/** `malformed` for other characters (lower case too), a one-character tail, and groups over 65535 (`GGX`) or 255 (`:::`). */
export function base45Decode(text: string): Result<Uint8Array, Base45Error> {
  if (text.length % 3 === 1) return err({ type: 'malformed', cause: 'Base45 text of impossible length' });
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0));
  let written = 0;
  for (let index = 0; index < text.length; index += 3) {
    const low = digit(text, index);
    const middle = digit(text, index + 1);
    if (low < 0 || middle < 0) return err({ type: 'malformed', cause: 'a character outside Base45' });
    if (index + 2 < text.length) {
      const high = digit(text, index + 2);
      if (high < 0) return err({ type: 'malformed', cause: 'a character outside Base45' });
      const pair = low + middle * 45 + high * 2025;
      if (pair > 0xffff) return err({ type: 'malformed', cause: 'a Base45 group over two bytes' });
      bytes[written++] = pair >> 8;
      bytes[written++] = pair & 0xff;
    } else {
      const single = low + middle * 45;
      if (single > 0xff) return err({ type: 'malformed', cause: 'a Base45 group over one byte' });
      bytes[written++] = single;
    }
  }
  return ok(bytes);
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (valueByCharCode[code] ?? -1) : -1;
}

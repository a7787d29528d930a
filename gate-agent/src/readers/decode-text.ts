// Bytes of a code, or of a line from a scanner, as text. UTF-8 when they are valid UTF-8, since that is what today's generators
// write; else one character a byte (Latin-1), so that nothing is lost and binary content survives unchanged.

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

export function bytesToText(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    // Not UTF-8: the decoder's way of saying so is an exception.
    return latin1(bytes);
  }
}

// What scan engines put around a code: AIM symbology identifiers, ECI designators, carriage returns. Taken off before any
// method looks at the text. Spaces stay: a Base45 text may end with one.

/** `]Q3`, `]C0`, `]L2`, `]z0`: AIM symbology identifier (ISO/IEC 15424). */
const aimIdentifier = /^\][A-Za-z][0-9A-Za-z]/;
/** `\000026`: ECI designator as scan engines transmit it (ISO/IEC 15424, escaped). */
const eciDesignator = /^\\\d{6}/;
// oxlint-disable-next-line no-control-regex -- the control characters are what is taken off
const surroundingControls = /^[\u0000-\u001f\u007f]+|[\u0000-\u001f\u007f]+$/g;

/** The code as it was printed. */
export function cleanText(text: string): string {
  if (isClean(text)) return text;
  return text
    .replace(surroundingControls, '')
    .replace(aimIdentifier, '')
    .replace(eciDesignator, '')
    .replace(surroundingControls, '');
}

/** Most texts come clean, and every method asks: nothing to take off at either end. */
function isClean(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  return first > 0x1f && first !== 0x7f && first !== 0x5d && first !== 0x5c && last > 0x1f && last !== 0x7f;
}

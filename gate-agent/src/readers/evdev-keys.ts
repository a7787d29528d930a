// What a scanner types, out of the kernel's key events (struct input_event, linux/input.h): a code up to its Enter or Tab, by the US layout,
// which scanners have unless somebody has set another one. When the kernel says that it has lost events, the code they were part of is
// dropped: half a code is none.
import { presentationTextCharsMax } from '@postern/shared';

/** Two longs of time, then type, code and value; `long` has four bytes where the processor has 32 bits. */
export const inputEventBytes = ['arm', 'ia32', 'mipsel'].includes(process.arch) ? 16 : 24;
const typeAt = inputEventBytes - 8;

/** linux/input-event-codes.h */
const eventSync = 0;
const eventKey = 1;
const syncDropped = 3;
const released = 0;
const enterKeys: readonly number[] = [28, 96];
const tabKey = 15;
const shiftKeys: readonly number[] = [42, 54];

/** Rows of a keyboard from a key's number on, each as typed without and with Shift. */
const rows: readonly (readonly [from: number, plain: string, shifted: string])[] = [
  [2, '1234567890-=', '!@#$%^&*()_+'],
  [16, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [30, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [43, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [55, '*', '*'],
  [57, ' ', ' '],
  [71, '789-456+1230.', '789-456+1230.'],
  [98, '/', '/'],
];

const charactersByKey = new Map<number, readonly [plain: string, shifted: string]>(
  rows.flatMap(([from, plain, shifted]) =>
    Array.from(plain, (character, index) => [from + index, [character, shifted[index] ?? '']] as const),
  ),
);

/** Takes events in pieces as they come; calls `onCode` for each code, and `onRefused` for one that is too long or was torn. */
export function createKeyAssembler(
  onCode: (text: string) => void,
  onRefused: () => void,
): { readonly push: (bytes: Uint8Array) => void } {
  const shiftsDown = new Set<number>();
  let text = '';
  let isTorn = false;
  let rest: Buffer = Buffer.alloc(0);

  const finish = (): void => {
    if (isTorn) onRefused();
    else if (text !== '') onCode(text);
    text = '';
    isTorn = false;
  };
  const onKey = (key: number, value: number): void => {
    if (shiftKeys.includes(key)) {
      if (value === released) shiftsDown.delete(key);
      else shiftsDown.add(key);
      return;
    }
    if (value === released) return;
    if (enterKeys.includes(key) || key === tabKey) return finish();
    text += charactersByKey.get(key)?.[shiftsDown.size > 0 ? 1 : 0] ?? '';
    if (text.length <= presentationTextCharsMax) return;
    text = '';
    isTorn = true;
  };
  const onEvent = (event: Buffer): void => {
    const type = event.readUInt16LE(typeAt);
    const code = event.readUInt16LE(typeAt + 2);
    if (type === eventKey) onKey(code, event.readInt32LE(typeAt + 4));
    else if (type === eventSync && code === syncDropped) {
      isTorn = true;
      shiftsDown.clear();
    }
  };

  return {
    push: (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      let at = 0;
      for (; at + inputEventBytes <= rest.length; at += inputEventBytes)
        onEvent(rest.subarray(at, at + inputEventBytes));
      rest = rest.subarray(at);
    },
  };
}

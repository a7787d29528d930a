// What a keyboard-wedge scanner makes the kernel say when it types a text: key events as /dev/input/event* delivers them (linux/input.h), by the
// US layout; and the same as the keys of a HID keyboard's reports, for a kernel that makes the events itself.
import { inputEventBytes } from '../../gate-agent/src/readers/evdev-keys.ts';

interface Key {
  /** linux/input-event-codes.h */
  readonly code: number;
  /** HID usage tables, keyboard page. */
  readonly usage: number;
  readonly isShifted: boolean;
}

const shiftCode = 42;
const leftShift = 0x02;
const enter: Key = { code: 28, usage: 40, isShifted: false };
const letterCodes: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      ['qwertyuiop', 16],
      ['asdfghjkl', 30],
      ['zxcvbnm', 44],
    ] as const
  ).flatMap(([row, from]) => Array.from(row, (letter, index) => [letter, from + index] as const)),
);
const others: Readonly<Record<string, readonly [code: number, usage: number, isShifted: boolean]>> = {
  ' ': [57, 44, false],
  '-': [12, 45, false],
  '.': [52, 55, false],
  '/': [53, 56, false],
  ':': [39, 51, true],
  '+': [13, 46, true],
  _: [12, 45, true],
};

function keyOf(character: string): Key {
  if (character === '\n') return enter;
  if (/^[a-z]$/i.test(character))
    return {
      code: letterCodes[character.toLowerCase()] ?? 0,
      usage: 4 + character.toLowerCase().charCodeAt(0) - 97,
      isShifted: character !== character.toLowerCase(),
    };
  const shifts = ')!@#$%^&*('.indexOf(character);
  const digit = shifts >= 0 ? shifts : /^\d$/.test(character) ? Number(character) : undefined;
  if (digit !== undefined)
    return { code: digit === 0 ? 11 : 1 + digit, usage: digit === 0 ? 39 : 29 + digit, isShifted: shifts >= 0 };
  const [code, usage, isShifted] = others[character] ?? [0, 0, false];
  if (code === 0) throw new Error(`the scanner has no key for ${character}`);
  return { code, usage, isShifted };
}

export function inputEvent(type: number, code: number, value: number): Buffer {
  const event = Buffer.alloc(inputEventBytes);
  event.writeUInt16LE(type, inputEventBytes - 8);
  event.writeUInt16LE(code, inputEventBytes - 6);
  event.writeInt32LE(value, inputEventBytes - 4);
  return event;
}

const keyEvents = (code: number, value: number): readonly Buffer[] => [
  // EV_MSC, MSC_SCAN; EV_KEY; EV_SYN.
  inputEvent(4, 4, 0x70_000 + code),
  inputEvent(1, code, value),
  inputEvent(0, 0, 0),
];

export const typedEvents = (text: string): Buffer =>
  Buffer.concat(
    Array.from(text, keyOf).flatMap(({ code, isShifted }) => [
      ...(isShifted ? keyEvents(shiftCode, 1) : []),
      ...keyEvents(code, 1),
      ...keyEvents(code, 0),
      ...(isShifted ? keyEvents(shiftCode, 0) : []),
    ]),
  );

/** Reports of eight bytes of a boot keyboard: each key down, then all up. */
export const typedReports = (text: string): readonly Uint8Array[] =>
  Array.from(text, keyOf).flatMap(({ usage, isShifted }) => [
    Uint8Array.of(isShifted ? leftShift : 0, 0, usage, 0, 0, 0, 0, 0),
    new Uint8Array(8),
  ]);

// Goal: codes come out of a typing scanner's key events as they were typed, in whatever pieces the events arrive; what is torn, too long or no
// key at all is never taken for a code.
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { presentationTextCharsMax } from '@postern/shared';
import { createKeyAssembler } from '../../../../gate-agent/src/readers/evdev-keys.ts';
import { inputEvent, typedEvents } from '../../../../scripts/lib/typing.ts';

function readKeys(...pieces: readonly Uint8Array[]): { readonly codes: string[]; readonly refused: number } {
  const codes: string[] = [];
  let refused = 0;
  const { push } = createKeyAssembler(
    (text) => codes.push(text),
    () => refused++,
  );
  for (const piece of pieces) push(piece);
  return { codes, refused };
}

/** All that our own passes and ordinary tickets consist of. */
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:abcdefghijklmnopqrstuvwxyz_#@!';
const code = fc
  .array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: 60 })
  .map((characters) => characters.join(''));

describe('what a scanner types', () => {
  test('is read as it was typed, however the events are cut', () => {
    fc.assert(
      fc.property(fc.array(code, { maxLength: 4 }), fc.integer({ min: 1, max: 400 }), (codes, size) => {
        const events = typedEvents(codes.map((text) => `${text}\n`).join(''));
        const pieces = Array.from({ length: Math.ceil(events.length / size) }, (_, index) =>
          events.subarray(index * size, (index + 1) * size),
        );
        expect(readKeys(...pieces)).toEqual({ codes, refused: 0 });
      }),
    );
  });

  test('ends with Enter, the keypad’s Enter or Tab; keys that are held down repeat, others say nothing', () => {
    const press = (key: number, value = 1): Buffer => inputEvent(1, key, value);
    const [a, capsLock, escape] = [30, 58, 1];
    expect(
      readKeys(
        press(a),
        press(a, 2),
        press(96),
        press(79),
        press(98),
        press(15),
        press(capsLock),
        press(escape),
        press(28),
      ),
    ).toEqual({ codes: ['aa', '1/'], refused: 0 });
  });

  test('is dropped to its end where the kernel has lost a part of it, and what follows is whole', () => {
    const dropped = inputEvent(0, 3, 0);
    const [before, after] = [typedEvents('PN1:AB'), typedEvents('CD\nPN1:NEXT\n')];
    expect(readKeys(before, dropped, after)).toEqual({ codes: ['PN1:NEXT'], refused: 1 });
    // Shift went up in what was lost.
    expect(readKeys(inputEvent(1, 42, 1), dropped, typedEvents('x\nlow\n'))).toEqual({ codes: ['low'], refused: 1 });
  });

  test('is refused as a whole where it is too long for a presentation', () => {
    const tooLong = 'a'.repeat(presentationTextCharsMax + 1);
    expect(readKeys(typedEvents(`${tooLong}\nB\n`))).toEqual({ codes: ['B'], refused: 1 });
    const longest = 'a'.repeat(presentationTextCharsMax);
    expect(readKeys(typedEvents(`${longest}\n`)).codes).toEqual([longest]);
  });

  test('may be anything: nothing throws, nothing grows without end', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (pieces) => {
        for (const text of readKeys(...pieces).codes) expect(text.length).toBeLessThanOrEqual(presentationTextCharsMax);
      }),
    );
  });
});

// What a handheld's page reads without its camera: a scan engine that types, tags in the form of Web NFC, and the code of an enrolment.
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeNdef, ready } from '@postern/shared';

/** The page's modules look for a browser when they are loaded. */
class FakeKey extends Event {
  readonly ctrlKey = false;
  readonly altKey = false;
  readonly metaKey = false;
  readonly isComposing = false;
  readonly key: string;
  readonly #atMs: number;
  constructor(key: string, atMs: number) {
    super('keydown', { cancelable: true });
    this.key = key;
    this.#atMs = atMs;
  }
  override get timeStamp(): number {
    return this.#atMs;
  }
}
vi.stubGlobal('KeyboardEvent', FakeKey);
vi.stubGlobal('HTMLElement', EventTarget);
const { listenToWedge, wedgeGapMsMax } = await import('../../../../gate-agent/src/handheld/page/wedge.ts');
const { toSeenTag } = await import('../../../../gate-agent/src/handheld/page/tags.ts');
beforeAll(() => ready);

describe('a scan engine that types', () => {
  const type = (
    keys: readonly string[],
    gapMs: number,
  ): { readonly heard: readonly string[]; readonly last: Event } => {
    const target = new EventTarget();
    const heard: string[] = [];
    const stop = listenToWedge((text) => heard.push(text), target);
    let last = new Event('none');
    keys.forEach((key, index) => {
      last = new FakeKey(key, 1_000 + index * gapMs);
      target.dispatchEvent(last);
    });
    stop();
    target.dispatchEvent(new FakeKey('Enter', 1_000 + keys.length * gapMs));
    return { heard, last };
  };

  test('is heard when it is faster than fingers, and presses no button by its Enter', () => {
    const { heard, last } = type([...'PS1:AB 9', 'Enter'], 5);
    expect(heard).toEqual(['PS1:AB 9']);
    expect(last.defaultPrevented).toBe(true);
  });

  test('is no person who types, nor one who presses Enter on a button', () => {
    expect(type([...'PS1:AB9', 'Enter'], wedgeGapMsMax + 1).heard).toEqual([]);
    const alone = type(['Enter'], 5);
    expect(alone.heard).toEqual([]);
    expect(alone.last.defaultPrevented).toBe(false);
  });

  test('may shift, and is bounded', () => {
    expect(type(['Shift', 'A', 'Shift', 'b', 'c', 'd', 'Enter'], 5).heard).toEqual(['Abcd']);
    expect(type([...'x'.repeat(5_000), 'Enter'], 1).heard[0]).toHaveLength(2_048);
  });
});

describe('a tag as Web NFC shows it', () => {
  const url = (text: string) => ({ recordType: 'url', data: new DataView(new TextEncoder().encode(text).buffer) });
  const serialNumber = '04:a2:b3:c4:d5:e6:f7';

  test('has its UID and the message that is on it', () => {
    const tag = toSeenTag({ serialNumber, message: { records: [url('https://a.example/?e=1')] } });
    expect(tag?.uid).toEqual(Uint8Array.of(0x04, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7));
    const records = decodeNdef(tag?.ndef ?? new Uint8Array(0));
    expect(records.ok && new TextDecoder().decode(records.value[0]?.payload.slice(1))).toBe('https://a.example/?e=1');
  });

  test('is known by its UID alone where there is no message, one too long, or records nobody knows', () => {
    for (const records of [[], [url('x'.repeat(2_000))], [{ recordType: 'smart-poster' }], [{ recordType: 'a:ü' }]])
      expect(Object.keys(toSeenTag({ serialNumber, message: { records } }) ?? {})).toEqual(['uid']);
  });

  test.each(['', '04:a2', '04a2b3c4', '04:a2:b3:c4:d5', 'zz:a2:b3:c4'])('is nothing without a UID: "%s"', (serial) => {
    expect(toSeenTag({ serialNumber: serial, message: { records: [] } })).toBeUndefined();
  });
});

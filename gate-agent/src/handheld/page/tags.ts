// Wristbands by the phone's own NFC, where the browser has it (Web NFC: Chromium on Android): the UID and the NDEF message, as a reader of a
// gate delivers them.
import { signal } from '@preact/signals';
import {
  encodeNdef,
  ndefBytesMax,
  ndefExternal,
  ndefRecordsMax,
  ndefWellKnown,
  utf8,
  type NdefRecord,
} from '@postern/shared';

/** What is used of Web NFC, which TypeScript's library does not know. */
interface WebNfcRecord {
  readonly recordType: string;
  readonly mediaType?: string | null;
  readonly lang?: string | null;
  readonly data?: DataView | null;
}
interface WebNfcReading extends Event {
  readonly serialNumber: string;
  readonly message: { readonly records: readonly WebNfcRecord[] };
}
interface WebNfcReader extends EventTarget {
  readonly scan: (options: { readonly signal: AbortSignal }) => Promise<void>;
}

export interface SeenTag {
  readonly uid: Uint8Array;
  readonly ndef?: Uint8Array;
}

export type TagsState = 'absent' | 'off' | 'on' | 'denied';
const readerClass = (): (new () => WebNfcReader) | undefined =>
  (globalThis as { readonly NDEFReader?: new () => WebNfcReader }).NDEFReader;

export const tagsState = signal<TagsState>(readerClass() === undefined ? 'absent' : 'off');
let stopReading: AbortController | undefined;

/** After a press: the browser asks the person. */
export async function startTags(onTag: (tag: SeenTag) => void): Promise<void> {
  const Reader = readerClass();
  if (Reader === undefined || tagsState.value === 'on') return;
  const stopping = new AbortController();
  stopReading = stopping;
  try {
    const reader = new Reader();
    reader.addEventListener('reading', (event) => {
      const tag = toSeenTag(event as WebNfcReading);
      if (tag !== undefined) onTag(tag);
    });
    await reader.scan({ signal: stopping.signal });
    tagsState.value = 'on';
  } catch {
    // Refused by the person, or NFC is switched off.
    tagsState.value = 'denied';
  }
}

export function stopTags(): void {
  stopReading?.abort();
  if (tagsState.value === 'on') tagsState.value = 'off';
}

/** UIDs have 4, 7 or 10 bytes; some phones hide them, and then there is nothing to know a band by. */
export function toSeenTag({
  serialNumber,
  message,
}: Pick<WebNfcReading, 'serialNumber' | 'message'>): SeenTag | undefined {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){3,9}$/i.test(serialNumber)) return undefined;
  const uid = Uint8Array.from(serialNumber.split(':'), (byte) => Number.parseInt(byte, 16));
  if (![4, 7, 10].includes(uid.length)) return undefined;
  const records = message.records.slice(0, ndefRecordsMax).flatMap((record) => toRecord(record) ?? []);
  const bytes = records.reduce((sum, { payload, type }) => sum + payload.length + type.length + 6, 0);
  return records.length === 0 || bytes > ndefBytesMax ? { uid } : { uid, ndef: encodeNdef(records) };
}

/** As the tag has it: browsers take a URI's payload apart, and what is behind it stays the same when it is written out whole. */
function toRecord({ recordType, mediaType, lang, data }: WebNfcRecord): NdefRecord | undefined {
  const content =
    data === undefined || data === null
      ? new Uint8Array(0)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  if (recordType === 'url' || recordType === 'absolute-url')
    return { format: ndefWellKnown, type: 'U', payload: Uint8Array.of(0, ...content) };
  if (recordType === 'text') {
    const code = utf8(lang ?? 'en').slice(0, 63);
    return { format: ndefWellKnown, type: 'T', payload: Uint8Array.of(code.length, ...code, ...content) };
  }
  if (recordType === 'mime' && typeof mediaType === 'string' && isShort(mediaType))
    return { format: 2, type: mediaType, payload: content };
  if (recordType.includes(':') && isShort(recordType))
    return { format: ndefExternal, type: recordType, payload: content };
  return undefined;
}
const isShort = (type: string): boolean => /^[\x21-\x7e]{1,255}$/.test(type);

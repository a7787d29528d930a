// Tags of our own making, as far as a reader can tell: NTAG213 and 215 and MIFARE Ultralight as memory in pages, NTAG 424 DNA as files
// with secure unique NFC messages whose CMACs are real, and tags that misbehave.
import { ecb } from '@noble/ciphers/aes.js';
import {
  bytesToHex,
  concatBytes,
  counterLittleEndian,
  encodeNdef,
  hexToBytes,
  ndefUriRecord,
  sunMac,
  tagKey,
  type SunKeys,
} from '@postern/shared';

export interface VirtualTag {
  /** Answer to reset, as a reader makes it up for the tag. */
  readonly atr: Uint8Array;
  /** Status word included; undefined when the tag is torn away instead. */
  readonly answer: (command: Uint8Array) => Uint8Array | undefined;
}

export interface MemoryTag extends VirtualTag {
  /** From page 0 on, as it is now. */
  readonly memory: Uint8Array;
}

const done = Uint8Array.of(0x90, 0x00);
const status = (word: number): Uint8Array => Uint8Array.of(word >> 8, word & 0xff);
export const hex = (text: string): Uint8Array => {
  const bytes = hexToBytes(text);
  if (bytes === undefined) throw new Error(`not hexadecimal: ${text}`);
  return bytes;
};

/** PC/SC 2.01, part 3, 3.1.3.2.3: a storage card of ISO/IEC 14443-A, part 3, with the name of its kind. */
export function storageCardAtr(name: number): Uint8Array {
  const body = hex(`8f8001804f0ca00000030603${name.toString(16).padStart(4, '0')}00000000`);
  return concatBytes(Uint8Array.of(0x3b), body, Uint8Array.of(body.reduce((check, byte) => check ^ byte, 0)));
}
/** NTAG21x call themselves so, too. */
const ultralight = 0x0003;

interface MemoryTagOptions {
  /** 7 bytes, hexadecimal. */
  readonly uid: string;
  readonly ndef?: Uint8Array;
  /** The data area instead of a message in its frame. */
  readonly area?: Uint8Array;
  readonly readOnly?: boolean;
}

const memoryTag = (pages: number, dataBytes: number, options: MemoryTagOptions): MemoryTag => {
  const uid = hex(options.uid);
  const memory = new Uint8Array(pages * 4);
  memory.set(
    concatBytes(
      uid.subarray(0, 3),
      Uint8Array.of(0x88 ^ xor(uid.subarray(0, 3))),
      uid.subarray(3),
      Uint8Array.of(xor(uid.subarray(3))),
    ),
  );
  memory.set([0xe1, 0x10, dataBytes / 8, options.readOnly === true ? 0x0f : 0x00], 12);
  memory.set(options.area ?? frame(options.ndef ?? new Uint8Array(0)), 16);
  return {
    memory,
    atr: storageCardAtr(ultralight),
    answer: (command) => {
      const [group, instruction, high = 0, low = 0, length = 0] = command;
      const start = (high * 256 + low) * 4;
      if (group !== 0xff) return status(0x6d00);
      switch (instruction) {
        case 0xca:
          return concatBytes(uid, done);
        case 0xb0:
          return length > 16 || start + length > memory.length
            ? status(0x6a82)
            : concatBytes(memory.subarray(start, start + length), done);
        case 0xd6:
          if (length !== 4 || start < 16 || start + length > memory.length || options.readOnly === true)
            return status(0x6300);
          memory.set(command.subarray(5, 9), start);
          return done;
        default:
          return status(0x6d00);
      }
    },
  };
};

const xor = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum ^ byte, 0);

const frame = (ndef: Uint8Array): Uint8Array =>
  concatBytes(
    Uint8Array.from(ndef.length < 255 ? [3, ndef.length] : [3, 255, ndef.length >> 8, ndef.length & 255]),
    ndef,
    Uint8Array.of(0xfe),
  );

export const ntag213 = (options: MemoryTagOptions): MemoryTag => memoryTag(45, 144, options);
export const ntag215 = (options: MemoryTagOptions): MemoryTag => memoryTag(135, 496, options);
export const mifareUltralight = (options: MemoryTagOptions): MemoryTag => memoryTag(16, 48, options);

/** MIFARE Classic: its memory is behind keys. */
export const mifareClassic = (uid: string): VirtualTag => ({
  atr: storageCardAtr(0x0001),
  answer: ([group, instruction]) =>
    group === 0xff && instruction === 0xca ? concatBytes(hex(uid), done) : status(0x6300),
});

export interface Ntag424Options {
  readonly uid: string;
  /** The file as it is at each reading, which is counted from 1. */
  readonly ndef: (reading: number) => Uint8Array;
}

export interface FileTag extends VirtualTag {
  readonly file: Uint8Array;
}

/** ISO/IEC 14443-4, with the NDEF application, its capability container and one file of 256 bytes. */
export function ntag424({ uid, ndef }: Ntag424Options): FileTag {
  const file = new Uint8Array(256);
  const capability = hex('001720010000ff0406e104010000000506e10500808283');
  let [hasApplication, selected, readings] = [false, undefined as 'capability' | 'file' | undefined, 0];
  let written = false;
  return {
    file,
    atr: hex('3b8180018080'),
    answer: (command) => {
      const [group, instruction, high = 0, low = 0, length = 0] = command;
      const offset = high * 256 + low;
      if (group === 0xff && instruction === 0xca) return concatBytes(hex(uid), done);
      if (group !== 0x00) return status(0x6e00);
      const data = command.subarray(5, 5 + length);
      if (instruction === 0xa4 && high === 4) {
        hasApplication = bytesToHex(data) === 'd2760000850101';
        return hasApplication ? done : status(0x6a82);
      }
      if (instruction === 0xa4) {
        const id = bytesToHex(data);
        selected = id === 'e103' ? 'capability' : id === 'e104' ? 'file' : undefined;
        if (!hasApplication || selected === undefined) return status(0x6a82);
        return done;
      }
      if (selected === undefined) return status(0x6985);
      if (instruction === 0xb0) {
        if (selected === 'capability') return concatBytes(capability.subarray(offset, offset + length), done);
        // A reading begins with the length; what follows belongs to it.
        if (offset === 0 && !written) {
          const message = ndef(++readings);
          file.fill(0);
          file.set(concatBytes(Uint8Array.of(message.length >> 8, message.length & 255), message));
        }
        return concatBytes(file.subarray(offset, offset + length), done);
      }
      if (instruction === 0xd6 && selected === 'file') {
        written = true;
        file.set(data, offset);
        return done;
      }
      return status(0x6d00);
    },
  };
}

/** Writes UID and counter into its address at each reading, as AN12196 says, encrypted unless `plain`. */
export function sunTag(options: {
  readonly uid: string;
  readonly keys: SunKeys;
  readonly plain?: boolean;
  readonly firstCounter?: number;
}): FileTag {
  const { firstCounter = 1 } = options;
  return ntag424({
    uid: options.uid,
    ndef: (reading) => sunMessage({ ...options, counter: firstCounter + reading - 1 }),
  });
}

export function sunMessage({
  uid: uidText,
  keys,
  counter,
  plain = false,
}: {
  readonly uid: string;
  readonly keys: SunKeys;
  readonly counter: number;
  readonly plain?: boolean;
}): Uint8Array {
  const uid = hex(uidText);
  // Tags write capital digits.
  const digits = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();
  const piccData = concatBytes(Uint8Array.of(0xc7), uid, counterLittleEndian(counter), Uint8Array.of(1, 2, 3, 4, 5));
  const mirror = plain
    ? `uid=${digits(uid)}&ctr=${digits(counterLittleEndian(counter).toReversed())}`
    : `picc_data=${digits(ecb(keys.metaRead, { disablePadding: true }).encrypt(piccData))}`;
  const mac = digits(sunMac(tagKey(uid, keys), uid, counter));
  return encodeNdef([ndefUriRecord(`https://tickets.example.org/t?${mirror}&cmac=${mac}`)]);
}

/** Torn away at the command of this number, counted from 1. */
export function tornAway(tag: VirtualTag, atCommand: number): VirtualTag {
  let commands = 0;
  return { atr: tag.atr, answer: (command) => (++commands >= atCommand ? undefined : tag.answer(command)) };
}

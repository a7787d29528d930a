// Secure unique NFC messages of an NTAG 424 DNA (NXP AN12196): at every reading the tag writes its UID and a counter into the address it
// shows, with an AES-CMAC over both. Keys are diversified per UID (NXP AN10922). Only arithmetic: whether the counter is new is for
// `decide` to say.
import { cmac, ecb } from '@noble/ciphers/aes.js';
import { bytesEqual, bytesToHex, concatBytes, hexToBytes, utf8 } from './bytes.ts';
import { assert, err, ok, type Result } from './result.ts';

export const sunKeyBytes = 16;
const uidBytes = 7;

/** What a gate needs to believe an event's tags. Secret: never in logs, marks or exports. */
export interface SunKeys {
  /** Opens encrypted mirrors (K_SDMMetaRead); the same in all tags, because it is needed to find out which one it is. */
  readonly metaRead: Uint8Array;
  /** From which the key of each tag's CMAC (K_SDMFileRead) follows. */
  readonly fileRead: Uint8Array;
  /** What follows the UID in the diversification input: 9 to 23 bytes. */
  readonly suffix: Uint8Array;
}

/** With fewer the input fits one block, which AN10922 pads in a way of its own; with more it fits two no longer. */
export const sunSuffixBytes = { min: 9, max: 23 } as const;
/** The NDEF application, and a system identifier. */
export const sunSuffixDefault = concatBytes(Uint8Array.of(0xd2, 0x76, 0, 0, 0x85, 1, 1), utf8('Postern'));

/** What a tag has written into its address. */
export type SunMirror = { readonly mac: Uint8Array } & (
  | { readonly kind: 'encrypted'; readonly piccData: Uint8Array }
  | { readonly kind: 'plain'; readonly uid: Uint8Array; readonly counter: number }
);

export interface SunTap {
  readonly uid: Uint8Array;
  /** Readings of this tag, this one included. */
  readonly counter: number;
  /** Tells the tags of one ticket apart without its UID: 8 hexadecimal digits, by the tag's own key. */
  readonly tag: string;
}

export type SunError =
  /** LRP instead of AES: the tag can be set to it and never back. */
  { readonly type: 'tag-unsupported' } | { readonly type: 'malformed' } | { readonly type: 'signature-invalid' };

const piccDataBytes = 16;
const piccDataBytesLrp = 24;
const counterBytes = 3;
const macBytes = 8;
/** Names of the mirrors in an address's query, as AN12196 and the tools for these tags have them. */
const parameterNames = {
  piccData: ['picc_data', 'e'],
  uid: ['uid'],
  counter: ['ctr'],
  mac: ['cmac', 'c'],
} as const;

/** Undefined where the address is not one that such a tag has written. */
export function parseSunUri(uri: string): Result<SunMirror, SunError> | undefined {
  const query = parseQuery(uri);
  const find = (name: keyof typeof parameterNames): string | undefined =>
    parameterNames[name].map((key) => query.get(key)).find((value) => value !== undefined);
  const [piccData, uid, counter, mac] = [find('piccData'), find('uid'), find('counter'), find('mac')];
  if (mac === undefined || (piccData === undefined && (uid === undefined || counter === undefined))) return undefined;
  const macValue = hexOf(mac, macBytes);
  if (piccData !== undefined) {
    if (hexOf(piccData, piccDataBytesLrp) !== undefined) return err({ type: 'tag-unsupported' });
    const value = hexOf(piccData, piccDataBytes);
    if (value === undefined || macValue === undefined) return err({ type: 'malformed' });
    return ok({ kind: 'encrypted', piccData: value, mac: macValue });
  }
  const [uidValue, counterValue] = [hexOf(uid ?? '', uidBytes), hexOf(counter ?? '', counterBytes)];
  if (uidValue === undefined || counterValue === undefined || macValue === undefined) return err({ type: 'malformed' });
  // As text it is most significant byte first (AN12196 3.3), unlike in the MAC.
  return ok({ kind: 'plain', uid: uidValue, counter: Number.parseInt(bytesToHex(counterValue), 16), mac: macValue });
}

/** First value of each name; nothing is unescaped, since hexadecimal digits need none. */
function parseQuery(uri: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const part of (/\?([^#]*)/.exec(uri)?.[1] ?? '').split('&')) {
    const [name = '', value = ''] = part.split('=');
    if (!query.has(name)) query.set(name, value);
  }
  return query;
}

function hexOf(text: string, length: number): Uint8Array | undefined {
  const bytes = text.length === length * 2 ? hexToBytes(text) : undefined;
  return bytes?.length === length ? bytes : undefined;
}

/** Which tag it was, and its how manieth reading; `signature-invalid` for any other tag's, or with other keys. */
export function verifySun(mirror: SunMirror, keys: SunKeys): Result<SunTap, SunError> {
  const tap = mirror.kind === 'plain' ? ok(mirror) : openPiccData(mirror.piccData, keys.metaRead);
  if (!tap.ok) return tap;
  const { uid, counter } = tap.value;
  const key = tagKey(uid, keys);
  if (!bytesEqual(sunMac(key, uid, counter), mirror.mac)) return err({ type: 'signature-invalid' });
  return ok({ uid, counter, tag: bytesToHex(cmac(utf8('postern-sun-tag-v1'), key).slice(0, 4)) });
}

/** UID (7 bytes) and counter are both mirrored: the only form of the PICC data in which both can be checked. */
const piccDataTag = 0xc7;

/** AES-CBC of one block with an IV of zeros is AES-ECB. Other keys give noise here, and the tag byte is wrong. */
function openPiccData(piccData: Uint8Array, metaRead: Uint8Array): Result<Pick<SunTap, 'uid' | 'counter'>, SunError> {
  const [tag, ...rest] = ecb(metaRead, { disablePadding: true }).decrypt(piccData);
  if (tag !== piccDataTag) return err({ type: 'signature-invalid' });
  const [low = 0, middle = 0, high = 0] = rest.slice(uidBytes);
  return ok({ uid: Uint8Array.from(rest.slice(0, uidBytes)), counter: low + middle * 0x100 + high * 0x10000 });
}

/** AN12196 4.4: session key from session vector 2 (UID and counter, least significant byte first), CMAC over nothing, its odd bytes. */
export function sunMac(fileReadKey: Uint8Array, uid: Uint8Array, counter: number): Uint8Array {
  const vector = concatBytes(Uint8Array.of(0x3c, 0xc3, 0x00, 0x01, 0x00, 0x80), uid, counterLittleEndian(counter));
  return cmac(new Uint8Array(0), cmac(vector, fileReadKey)).filter((_, index) => index % 2 === 1);
}

export const counterLittleEndian = (counter: number): Uint8Array =>
  Uint8Array.of(counter & 0xff, (counter >> 8) & 0xff, (counter >> 16) & 0xff);

/** The key with which one tag computes its CMAC. */
export const tagKey = (uid: Uint8Array, { fileRead, suffix }: Pick<SunKeys, 'fileRead' | 'suffix'>): Uint8Array =>
  diversifyKey(fileRead, concatBytes(uid, suffix));

/** AN10922 2.2 for AES-128: CMAC over 01 and the input, which has to need a second block. */
export function diversifyKey(master: Uint8Array, input: Uint8Array): Uint8Array {
  assert(input.length >= uidBytes + sunSuffixBytes.min && input.length <= 31, 'a diversification input of two blocks');
  return cmac(concatBytes(Uint8Array.of(0x01), input), master);
}

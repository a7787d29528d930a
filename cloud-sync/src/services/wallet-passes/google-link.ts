// A ticket as a link that saves it to Google Wallet: the event ticket and its class in a token that a service account signs (JWT, RS256).
// Nothing is asked of Google here; its server makes both when somebody opens the link.
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { assert, bytesToBase64Url, ok, utf8, type Result } from '@postern/shared';
import { z } from 'zod';
import { readAs, unfit, type WalletError } from './apple-signer.ts';
import type { PassLook } from './pass-look.ts';
import { venueTime } from './venue-time.ts';
import type { WalletPass } from './wallet-pass.ts';

const signAsync = promisify(sign);

/** What Google says a link in a browser is sure to carry. */
export const googleTokenCharsMax = 1_800;
const linkBase = 'https://pay.google.com/gp/v/save/';
/** The rest are the dot and the signature of an RSA key with 2048 bits. */
const unsignedCharsMax = googleTokenCharsMax - 1 - Math.ceil((256 * 4) / 3);
/** What stays of a name where everything else has gone, in bytes of JSON. */
const shortNameBytesMax = 60;
/** Names are in whatever language the organiser speaks; Google wants to be told one. */
const language = 'en';

export interface GoogleSettings {
  /** Number of the issuer account. */
  readonly issuer: string;
  /** The service account's key as Google gives it out, JSON. */
  readonly keyFile: string;
}

export interface GoogleSigner {
  readonly issuer: string;
  readonly account: string;
  readonly key: KeyObject;
}

const keyFileSchema = z.object({ client_email: z.email().max(100), private_key: z.string() });

export function readGoogleSigner({ issuer, keyFile }: GoogleSettings): Result<GoogleSigner, WalletError> {
  const read = readAs(keyFile, 'the JSON key of a Google service account', (bytes) => {
    const { client_email: account, private_key: pem } = keyFileSchema.parse(JSON.parse(bytes.toString('utf8')));
    return { issuer, account, key: createPrivateKey(pem) };
  });
  if (!read.ok) return read;
  const { asymmetricKeyType, asymmetricKeyDetails } = read.value.key;
  // A longer one would leave no room for the ticket.
  return asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.modulusLength === 2_048
    ? ok(read.value)
    : unfit(`${keyFile}: its key is not RSA with 2048 bits`);
}

/** What a link can do without, least missed first. */
const extras = ['locations', 'window', 'holder', 'long names', 'type'] as const;
type Extra = (typeof extras)[number];

export async function makeGoogleLink(
  pass: WalletPass,
  look: PassLook,
  signer: GoogleSigner,
  nowMs: number,
): Promise<string> {
  const fitting = extras
    .map((_, dropped) => unsignedToken(claims(pass, look, signer, nowMs, new Set(extras.slice(dropped)))))
    .find((token) => token.length <= unsignedCharsMax);
  const token = fitting ?? unsignedToken(claims(pass, look, signer, nowMs, new Set()));
  assert(token.length <= unsignedCharsMax, 'short names fit');
  return `${linkBase}${token}.${bytesToBase64Url(await signAsync('sha256', utf8(token), signer.key))}`;
}

const unsignedToken = (payload: object): string =>
  [{ alg: 'RS256', typ: 'JWT' }, payload].map((part) => bytesToBase64Url(utf8(JSON.stringify(part)))).join('.');

function claims(
  pass: WalletPass,
  look: PassLook,
  { issuer, account }: GoogleSigner,
  nowMs: number,
  kept: ReadonlySet<Extra>,
): object {
  const shorten = (name: string): string => (kept.has('long names') ? name : cutName(name));
  const text = (value: string): object => ({ defaultValue: { language, value: shorten(value) } });
  const at = (seconds: number): string => venueTime(seconds, pass.timeZone);
  const { fromS, untilS, locations, holderName } = pass;
  const about = {
    issuerName: shorten(look.organisation),
    eventName: text(pass.eventName),
    reviewStatus: 'UNDER_REVIEW',
    hexBackgroundColor: look.background,
    ...(fromS === undefined || !kept.has('window') ? {} : { dateTime: { doorsOpen: at(fromS) } }),
    ...(locations.length === 0 || !kept.has('locations')
      ? {}
      : { merchantLocations: locations.map(({ lat, lon }) => ({ latitude: lat, longitude: lon })) }),
  };
  // Google keeps a class as it came first: another content is another class.
  const classId = `${issuer}.event-${pass.event}-${fingerprint(about)}`;
  const validity = {
    ...(fromS === undefined ? {} : { start: { date: at(fromS) } }),
    ...(untilS === undefined ? {} : { end: { date: at(untilS) } }),
  };
  const ticket = {
    // And an object: a ticket that was issued again is another one.
    id: `${issuer}.${pass.ticketId}-${pass.epoch}`,
    classId,
    state: { active: 'ACTIVE', used: 'COMPLETED', void: 'INACTIVE' }[pass.state],
    barcode: { type: 'QR_CODE', value: pass.text, alternateText: pass.shortCode },
    ...(pass.typeName === '' || !kept.has('type') ? {} : { ticketType: text(pass.typeName) }),
    ...(holderName === undefined || !kept.has('holder') ? {} : { ticketHolderName: shorten(holderName) }),
    ...(Object.keys(validity).length === 0 || !kept.has('window') ? {} : { validTimeInterval: validity }),
  };
  return {
    iss: account,
    aud: 'google',
    typ: 'savetowallet',
    iat: Math.floor(nowMs / 1_000),
    payload: { eventTicketClasses: [{ id: classId, ...about }], eventTicketObjects: [ticket] },
  };
}

const fingerprint = (about: object): string =>
  createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 12);

/** As many whole characters as there is room for, without what would only be spelt out (RFC 8259 7). */
function cutName(name: string): string {
  let cut = '';
  for (const character of name.replaceAll(/[\p{Cc}\p{Cs}"\\]/gu, ' ')) {
    if (utf8(cut + character).length > shortNameBytesMax) break;
    cut += character;
  }
  return cut;
}

// Method `nfc`: a tag or wristband, by the strongest of what it has. `ndef`: our pass, signed by the issuer for this very UID; a copy on
// another tag is worth nothing. `sun`: an NTAG 424 DNA that proves its UID with a CMAC and a counter. Otherwise its `uid` alone, which
// anybody can copy: assurance `looked-up`, and a ticket type that asks for `signed` refuses it. To which ticket a tag belongs is what
// bindings say; a pass on it counts where they say nothing else.
import { z } from 'zod';
import { tagRefusal, type TagState } from '../binding.ts';
import { bytesToHex } from '../bytes.ts';
import type { Claim, Refusal } from '../decision.ts';
import type { Lookups, VerificationMethod } from '../gate/ports.ts';
import { bytesToBase64Url } from '../base64.ts';
import { decodeNdef, encodeNdef, ndefExternal, ndefUri, type NdefRecord } from '../ndef.ts';
import { credentialIdOf, decodePassBytes, encodePassBytes, passClaims, type Pass, type PassError } from '../pass.ts';
import type { TagPresentation } from '../presentation.ts';
import { err, ok, type Result } from '../result.ts';
import { parseSunUri, verifySun, type SunError, type SunMirror, type SunTap } from '../sun.ts';
import { parseTagId, tagIdTextSchema } from '../tag.ts';
import { passClaim } from './pass-claim.ts';

const methodId = 'nfc';
/** Type of the external record that holds a pass: raw COSE_Sign1 bytes, with the UID as external data. Short: a tag has 144 bytes. */
export const ndefPassType = 'postern:p';

/** What `generate` asks for. */
export const nfcOptionsSchema = z.strictObject({
  /** The tag's UID: 4, 7 or 10 bytes. */
  uid: tagIdTextSchema,
});

export const nfcMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: true,
  binds: 'nfc',
  accepts: ({ medium }) => medium === 'nfc',
  verify: async (presentation, lookups) =>
    presentation.medium === 'nfc' ? verifyTag(presentation, lookups) : err({ type: 'not-a-ticket' }),
  // Without `nbf`, which a tag has no room for: the ticket's own window is in the feed.
  generate: async ({ event, ticket, options }, issuer) => {
    const asked = nfcOptionsSchema.safeParse(options);
    const uid = asked.success ? parseTagId('nfc', asked.data.uid) : undefined;
    if (!asked.success || uid === undefined)
      return err({ type: 'options-invalid', cause: asked.success ? 'uid' : z.prettifyError(asked.error) });
    const { notBeforeS: _, ...claims } = passClaims(event, ticket);
    const issued = encodePassBytes(claims, issuer, uid);
    const message = encodeNdef([{ format: ndefExternal, type: ndefPassType, payload: issued }]);
    return ok({
      credentialId: credentialIdOf(issued),
      payload: { uid: bytesToHex(uid), ndef: bytesToBase64Url(message) },
      toWrite: message,
    });
  },
};

function verifyTag({ uid, ndef }: TagPresentation, lookups: Lookups): Result<Claim, Refusal> {
  const records = ndef === undefined ? ok([]) : decodeNdef(ndef);
  if (records.ok) {
    const sun = sunOf(records.value);
    if (sun !== undefined && lookups.sunKeys !== undefined) return claimOfSun(sun, uid, lookups);
  }
  const state = lookups.tag('nfc', uid);
  if (state.type === 'conflict') return refuse(state);
  const pass = records.ok ? passOf(records.value, uid, lookups) : records;
  if (state.type === 'bound') {
    const { ticketId, epoch } = state;
    const proves = pass?.ok === true && pass.value.event === lookups.event && pass.value.ticketId === ticketId;
    // What cannot be read, or is of another ticket or event, is left over on a tag that somebody has bound anew.
    return ok(proves ? passClaim(methodId, pass.value) : boundClaim('looked-up', { ticketId, epoch }, lookups));
  }
  if (pass === undefined) return refuse(state);
  if (!pass.ok) return err({ type: pass.error.type });
  // Somebody has taken the tag from its ticket: what is written on it is no longer true.
  const isReleased = state.released === true && pass.value.event === lookups.event;
  return isReleased ? err({ type: 'replaced' }) : ok(passClaim(methodId, pass.value));
}

/** The first record of ours; undefined where there is none. */
function passOf(
  records: readonly NdefRecord[],
  uid: Uint8Array,
  { issuerKey }: Lookups,
): Result<Pass, PassError> | undefined {
  const record = records.find(({ format, type }) => format === ndefExternal && type.toLowerCase() === ndefPassType);
  return record === undefined ? undefined : decodePassBytes(record.payload, issuerKey, uid);
}

function sunOf(records: readonly NdefRecord[]): Result<SunMirror, SunError> | undefined {
  for (const record of records) {
    const uri = ndefUri(record);
    const mirror = uri === undefined ? undefined : parseSunUri(uri);
    if (mirror !== undefined) return mirror;
  }
  return undefined;
}

function claimOfSun(mirror: Result<SunMirror, SunError>, seen: Uint8Array, lookups: Lookups): Result<Claim, Refusal> {
  if (!mirror.ok || lookups.sunKeys === undefined) return mirror.ok ? err({ type: 'key-unknown' }) : mirror;
  const tap = verifySun(mirror.value, lookups.sunKeys);
  if (!tap.ok) return tap;
  // The address of one tag written on another.
  if (!isRandomUid(seen) && !isSame(seen, tap.value.uid)) return err({ type: 'signature-invalid' });
  const state = lookups.tag('nfc', tap.value.uid);
  return state.type === 'bound' ? ok(boundClaim('signed', state, lookups, tap.value)) : refuse(state);
}

/** ISO/IEC 14443-3: a UID of 4 bytes that begins with 08 is made up anew every time; the tag hides its own. */
const isRandomUid = (uid: Uint8Array): boolean => uid.length === 4 && uid[0] === 0x08;

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

const boundClaim = (
  assurance: Claim['assurance'],
  { ticketId, epoch }: { readonly ticketId: string; readonly epoch: number },
  { event }: Lookups,
  tap?: SunTap,
): Claim => ({
  method: methodId,
  assurance,
  event,
  ticketId,
  epoch,
  ...(tap === undefined ? {} : { tap: { tag: tap.tag, counter: tap.counter } }),
});

const refuse = (state: TagState): Result<Claim, Refusal> => err(tagRefusal(state) ?? { type: 'code-unknown' });

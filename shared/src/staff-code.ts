// The code on a staff member's card: `PS1:` and 128 random bits in characters that a QR code packs well and a person can type. Gates know
// its hash from the feed; the code opens nothing without the PIN.
import { bytesToHex, utf8 } from './bytes.ts';
import { sha256 } from './crypto.ts';
import type { Random } from './gate/ports.ts';

export const staffCodePrefix = 'PS1:';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Of 5 bits each. */
const characters = 26;
export const staffCodePattern = /^PS1:[0-9A-HJKMNP-TV-Z]{26}$/;

export const makeStaffCode = (random: Random): string =>
  staffCodePrefix + [...random(characters)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');

/** SHA-256, hexadecimal: the code is random and long, so that a plain hash keeps it. */
export const hashStaffCode = (code: string): string => bytesToHex(sha256(utf8('postern-staff-v1\0'), utf8(code)));

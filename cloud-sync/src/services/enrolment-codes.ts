// One-time codes by which gates join: short-lived, single-use, and kept only as a keyed hash.
import type { Clock, GateResponse, Random } from '@postern/shared';
import type { Queries } from '../store/database.ts';
import type { Keys } from './keys.ts';
import { renderQrSvg } from './qr.ts';

const enrolmentCodeLifetimeMs = 30 * 60_000;
/** 12 characters of 5 bits. */
const codeCharacters = 12;
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export interface EnrolmentCode {
  readonly code: string;
  readonly expiresAtMs: number;
}

export interface EnrolmentCodes {
  /** In a transaction that has the gate's lock. An older code that nobody has used yet dies with the new one. */
  readonly make: (queries: Queries, gate: string) => Promise<EnrolmentCode>;
  /** Of a code as somebody has typed it. */
  readonly hashOf: (typed: string) => string;
  readonly toResponse: (gate: string, event: number, code: EnrolmentCode) => GateResponse;
}

export interface EnrolmentCodesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly publicUrl: () => string;
}

export function createEnrolmentCodes({ clock, random, keys, publicUrl }: EnrolmentCodesDeps): EnrolmentCodes {
  const hashOf = (typed: string): string => keys.serverHash('enrolment', normalise(typed));
  return {
    make: async (queries, gate) => {
      const code = makeCode(random);
      const expiresAtMs = clock.wallMs() + enrolmentCodeLifetimeMs;
      await queries.deleteFrom('enrolment').where('gate', '=', gate).where('used_at_ms', 'is', null).execute();
      await queries
        .insertInto('enrolment')
        .values({ code_hash: hashOf(code), gate, expires_at_ms: expiresAtMs, used_at_ms: null })
        .execute();
      return { code, expiresAtMs };
    },
    hashOf,
    toResponse: (gate, event, { code, expiresAtMs }) => {
      const link = `${publicUrl()}#${code}`;
      return { gate, event, code, expiresAtMs, link, qrSvg: renderQrSvg({ text: link, caption: code }) };
    },
  };
}

/** `7K2Q-0M9T-XV4B`. */
function makeCode(random: Random): string {
  const text = [...random(codeCharacters)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
  return (text.match(/.{4}/g) ?? []).join('-');
}

/** What people type: case, spaces and dashes do not matter, O is 0, I and L are 1. */
const normalise = (code: string): string =>
  code.toUpperCase().replace(/[-\s]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');

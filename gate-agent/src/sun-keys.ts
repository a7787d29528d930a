// The keys of an event's NTAG 424 DNA tags, from a file that only the gate can read: a systemd credential, or one beside gate.toml.
// Nothing of it reaches a log, a mark or an answer; complaints name lines by their keys only.
import { readFile } from 'node:fs/promises';
import {
  err,
  hexToBytes,
  ok,
  sunKeyBytes,
  sunSuffixBytes,
  sunSuffixDefault,
  type Result,
  type SunKeys,
} from '@postern/shared';
import { parse } from 'smol-toml';
import { z } from 'zod';

export interface SunKeyError {
  readonly type: 'sun-keys-unusable';
  readonly cause: string;
}

const fileCharsMax = 4_096;

const bytes = (min: number, max: number): z.ZodType<Uint8Array, string> =>
  z.string().transform((text, context) => {
    const value = hexToBytes(text);
    if (value !== undefined && value.length >= min && value.length <= max) return value;
    context.addIssue({
      code: 'custom',
      message: `must be ${min === max ? `${2 * min}` : `${2 * min} to ${2 * max}`} hexadecimal digits`,
    });
    return z.NEVER;
  });

const key = bytes(sunKeyBytes, sunKeyBytes);
const fileSchema = z.strictObject({
  metaReadKey: key,
  fileReadKey: key,
  suffix: bytes(sunSuffixBytes.min, sunSuffixBytes.max).optional(),
});

export async function readSunKeys(path: string): Promise<Result<SunKeys, SunKeyError>> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => cause);
  if (typeof text !== 'string') return unusable(path, `cannot be read (${text.code ?? 'unknown'})`);
  const parsed = fileSchema.safeParse(toTable(text.slice(0, fileCharsMax)));
  if (!parsed.success)
    return unusable(
      path,
      parsed.error.issues
        .map(({ path: at, message }) => (at.length === 0 ? 'not a TOML table of keys' : `${at.join('.')} ${message}`))
        .join('; '),
    );
  const { metaReadKey, fileReadKey, suffix = sunSuffixDefault } = parsed.data;
  return ok({ metaRead: metaReadKey, fileRead: fileReadKey, suffix });
}

function toTable(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // The parser's complaint quotes the line, which may hold a key.
    return undefined;
  }
}

const unusable = (path: string, why: string): Result<SunKeys, SunKeyError> =>
  err({ type: 'sun-keys-unusable', cause: `nfc.sunKeyFile ${path}: ${why}` });

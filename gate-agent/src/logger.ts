// The Logger port over pino: one JSON line an event on stderr (stdout belongs to the commands), with everything cut out that
// could let somebody in or names a person: scanned texts, one-time codes, PINs and keys.
import type { Logger } from '@postern/shared';
import { pino } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Longest text of one field; hostile input never fills a disk through its error message. */
const fieldCharsMax = 1_000;
const secretFields: ReadonlySet<string> = new Set([
  'text',
  'code',
  'oneTimeCode',
  'pin',
  'pinHash',
  'salt',
  'secretKey',
  'seed',
  'privateKey',
  'codeHashKey',
  'authorization',
  'presentation',
]);
/** A pass of ours wherever it turns up inside a longer text. */
const passText = /PN[12]:[0-9A-Z $%*+\-./:]+/g;

/** A copy of `value` without secrets, at most four levels deep. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.slice(0, fieldCharsMax).replace(passText, 'PN?:[redacted]');
  if (value instanceof Error)
    return { name: value.name, message: redact(value.message), stack: redact(value.stack ?? '') };
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 4) return '[deeper]';
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      secretFields.has(key) && item !== undefined ? '[redacted]' : redact(item, depth + 1),
    ]),
  );
}

/** `write` receives whole lines; standard error unless told. */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => void process.stderr.write(line),
): Logger {
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
  const fieldsOf = (fields: Readonly<Record<string, unknown>>): object => redact(fields) as object;
  const messageOf = (message: string): string => String(redact(message));
  return {
    info: (fields, message) => log.info(fieldsOf(fields), messageOf(message)),
    warn: (fields, message) => log.warn(fieldsOf(fields), messageOf(message)),
    error: (fields, message) => log.error(fieldsOf(fields), messageOf(message)),
  };
}

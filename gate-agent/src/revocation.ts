// A gate that learns from its cloud that it has been revoked: it notes that for good and forgets its ticket lists, with everything in
// them that somebody who has stolen it could try out. The journal stays: what this gate did is somebody's record.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyRevocationNotice, type Logger } from '@postern/shared';
import { z } from 'zod';
import { writeFileDurably } from './clock-file.ts';

const fileName = 'revoked.json';
const fileSchema = z.object({ v: z.literal(1), revokedAtMs: z.number().int() });

export interface Revocation {
  /** Unix ms; undefined for a gate that is still one. */
  readonly revokedAtMs: () => number | undefined;
  /** Looks at what the cloud has sent along with an answer; does nothing unless a feed key of this deployment has signed it. */
  readonly hear: (notice: string) => void;
}

export interface RevocationDeps {
  readonly data: string;
  readonly gate: string;
  readonly feedKeyOf: (keyId: string) => Uint8Array | undefined;
  /** Forgets the ticket lists; called at once where an earlier start has learned it already. */
  readonly wipe: () => void;
  readonly logger: Logger;
}

export function openRevocation({ data, gate, feedKeyOf, wipe, logger }: RevocationDeps): Revocation {
  const path = join(data, fileName);
  let revokedAtMs = readRevokedAtMs(path);

  const obey = (): void => {
    logger.error({ gate, revokedAtMs }, 'This gate has been revoked: it forgets its ticket lists and lets nobody in');
    wipe();
  };
  if (revokedAtMs !== undefined) obey();

  return {
    revokedAtMs: () => revokedAtMs,
    hear: (text) => {
      if (revokedAtMs !== undefined) return;
      const notice = verifyRevocationNotice(new Uint8Array(Buffer.from(text, 'base64url')), gate, feedKeyOf);
      if (!notice.ok) return logger.warn({ cause: notice.error.type }, 'A notice of revocation is not believed');
      ({ revokedAtMs } = notice.value);
      obey();
      const file = JSON.stringify({ v: 1, revokedAtMs });
      writeFileDurably(path, `${file}\n`, 0o600).catch((cause: unknown) =>
        logger.error({ cause: String(cause) }, 'The revocation could not be noted; the cloud will say it again'),
      );
    },
  };
}

function readRevokedAtMs(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
  try {
    return fileSchema.parse(JSON.parse(text)).revokedAtMs;
  } catch {
    // Whoever damages it gains nothing: it was written because the gate is revoked.
    return 0;
  }
}

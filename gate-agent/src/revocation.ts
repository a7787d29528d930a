// A gate that learns from its cloud that it has been revoked: it notes that for good and forgets its ticket lists, with everything in
// them that somebody who has stolen it could try out. Its marks are somebody's record: they are sealed to a key that the cloud's notice
// names (seal-marks.ts), at once or by the next start.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex, hexToBytes, publicKeyBytes, verifyRevocationNotice, type Logger } from '@postern/shared';
import { z } from 'zod';
import { writeFileDurably } from './clock-file.ts';

const fileName = 'revoked.json';
const sealKeySchema = z.string().regex(new RegExp(`^[0-9a-f]{${publicKeyBytes * 2}}$`));
const fileSchema = z.object({
  v: z.literal(1),
  revokedAtMs: z.number().int(),
  sealKey: sealKeySchema.optional(),
  sealed: z.boolean().default(false),
  wiped: z.boolean().default(false),
});

export interface Revoked {
  /** Unix ms; 0 where the note of it is damaged. */
  readonly atMs: number;
  readonly sealKey: Uint8Array | undefined;
  /** Whether that has been done with its marks. */
  readonly sealed: boolean;
  /** It was not revoked but told to forget everything (wipe.ts). */
  readonly wiped: boolean;
}

export interface Revocation {
  /** Unix ms; undefined for a gate that is still one. */
  readonly revokedAtMs: () => number | undefined;
  /** Looks at what the cloud has sent along with an answer; does nothing unless a feed key of this deployment has signed it. */
  readonly hear: (notice: string) => void;
  /** Whether it was told to forget everything, and has. */
  readonly isWiped: () => boolean;
  /** The same without a revocation: the cloud has ordered it, and whoever calls has proved that. False where some marks are left; it can be done again. */
  readonly forget: (told: Pick<Revoked, 'atMs'> & { readonly sealKey: Uint8Array }) => Promise<boolean>;
  /** Resolves when whatever has been heard is done. */
  readonly settled: () => Promise<void>;
}

export interface RevocationDeps {
  readonly data: string;
  readonly gate: string;
  readonly feedKeyOf: (keyId: string) => Uint8Array | undefined;
  /** Forgets the ticket lists; called at once where an earlier start has learned it already. */
  readonly wipe: () => void;
  /** Seals the marks and takes everything else off the disk, after the revocation has been noted; false where some are left. */
  readonly seal: (sealKey: Uint8Array) => Promise<boolean>;
  readonly logger: Logger;
}

export function openRevocation({ data, gate, feedKeyOf, wipe, seal, logger }: RevocationDeps): Revocation {
  let revoked = readRevoked(data);
  let settling: Promise<void> = Promise.resolve();

  const obey = (): void => {
    logger.error(
      { gate, revokedAtMs: revoked?.atMs },
      'This gate has been revoked: it forgets its ticket lists and lets nobody in',
    );
    wipe();
  };
  if (revoked !== undefined) obey();

  const noteAndSeal = async (told: Revoked): Promise<void> => {
    await noteRevoked(data, told).catch((cause: unknown) =>
      logger.error({ cause: String(cause) }, 'The revocation could not be noted; the cloud will say it again'),
    );
    if (told.sealKey === undefined || !(await seal(told.sealKey))) return;
    revoked = { ...told, sealed: true };
    await noteRevoked(data, revoked);
  };
  const follow = (told: Revoked): Promise<void> => {
    revoked = told;
    obey();
    settling = settling
      .then(() => noteAndSeal(told))
      .catch((cause: unknown) => logger.error({ cause: String(cause) }, 'A revoked gate could not seal its marks'));
    return settling;
  };

  return {
    revokedAtMs: () => revoked?.atMs,
    settled: () => settling,
    isWiped: () => revoked?.wiped === true && revoked.sealed,
    forget: async ({ atMs, sealKey }) => {
      if (revoked?.sealed !== true) await follow({ atMs: revoked?.atMs ?? atMs, sealKey, sealed: false, wiped: true });
      return revoked?.sealed === true;
    },
    hear: (text) => {
      // A cloud of before it named a key may have become one that does.
      if (revoked?.sealKey !== undefined) return;
      const notice = verifyRevocationNotice(new Uint8Array(Buffer.from(text, 'base64url')), gate, feedKeyOf);
      if (!notice.ok) return logger.warn({ cause: notice.error.type }, 'A notice of revocation is not believed');
      const { revokedAtMs: atMs, sealKey } = notice.value;
      if (revoked !== undefined && sealKey === undefined) return;
      void follow({ atMs, sealKey, sealed: false, wiped: false });
    },
  };
}

/** Durably. */
export async function noteRevoked(data: string, { atMs, sealKey, sealed, wiped }: Revoked): Promise<void> {
  const file = {
    v: 1,
    revokedAtMs: atMs,
    ...(sealKey === undefined ? {} : { sealKey: bytesToHex(sealKey), sealed, wiped }),
  };
  await writeFileDurably(join(data, fileName), `${JSON.stringify(file)}\n`, 0o600);
}

/** What an earlier start has noted; undefined for a gate that is still one. */
export function readRevoked(data: string): Revoked | undefined {
  let text: string;
  try {
    text = readFileSync(join(data, fileName), 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
  try {
    const { revokedAtMs, sealKey, sealed, wiped } = fileSchema.parse(JSON.parse(text));
    return { atMs: revokedAtMs, sealKey: sealKey === undefined ? undefined : hexToBytes(sealKey), sealed, wiped };
  } catch {
    // Whoever damages it gains nothing: it was written because the gate is revoked.
    return { atMs: 0, sealKey: undefined, sealed: false, wiped: false };
  }
}

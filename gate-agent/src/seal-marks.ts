// What a revoked gate does with its marks: they are sealed to a key that only its cloud has, each event's into one file that somebody can
// carry there, and once that file is durable everything else that this gate knew is taken off the disk, with the key that opened it.
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  concatBytes,
  encodeMarkFile,
  ready,
  sealedMarkFileName,
  sealTo,
  type Logger,
  type Random,
} from '@postern/shared';
import { writeFileDurably } from './clock-file.ts';
import { replaceDiskKey } from './disk-key.ts';
import { eventFolder, journalPath, replicaPath } from './event-folder.ts';
import { openStoppedSegments } from './stopped-segments.ts';
import type { DiskKey } from './store/database.ts';
import { openStoredChunks } from './store/stored-chunks.ts';

export interface SealMarksDeps {
  readonly data: string;
  readonly gate: string;
  /** Ed25519, 64 bytes: marks that are in no segment yet are signed. */
  readonly secretKey: Uint8Array;
  readonly diskKey: DiskKey | undefined;
  readonly random: Random;
  readonly logger: Logger;
}

const sealedFolder = (data: string): string => join(data, 'sealed');

/** What waits for somebody to carry it to the cloud. */
export function sealedFiles(data: string): readonly string[] {
  const folder = sealedFolder(data);
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.sealed'))
        .map((name) => join(folder, name))
    : [];
}

/**
 * With no replication running. Broken off at any point it can be done again; an event that cannot be sealed stays as it is, and then the
 * answer is false.
 */
export async function sealMarks(events: readonly number[], sealKey: Uint8Array, deps: SealMarksDeps): Promise<boolean> {
  await ready;
  let isAllSealed = true;
  for (const event of events) {
    try {
      await sealEvent(event, sealKey, deps);
    } catch (cause) {
      isAllSealed = false;
      deps.logger.error({ event, cause: String(cause) }, 'The marks of a revoked gate could not be sealed and stay');
    }
  }
  if (isAllSealed && deps.diskKey !== undefined) await replaceDiskKey(deps.data, deps.random);
  return isAllSealed;
}

async function sealEvent(event: number, sealKey: Uint8Array, deps: SealMarksDeps): Promise<void> {
  const { data, gate, diskKey, logger } = deps;
  if (existsSync(journalPath(data, event)) || existsSync(replicaPath(data, event))) {
    const segments = await openStoppedSegments({ ...deps, event });
    try {
      const trouble = await segments.drain();
      if (trouble !== undefined) throw new Error(trouble);
    } finally {
      segments.close();
    }
    const stored = openStoredChunks(replicaPath(data, event), event, { key: diskKey, gate });
    try {
      if (stored.count.marks > 0) {
        const file = freePath(join(sealedFolder(data), sealedMarkFileName({ event, gate })));
        const pieces = encodeMarkFile({ event, gate }, stored.chunks(), (message) => sealTo(sealKey, message));
        await writeFileDurably(file, concatBytes(...pieces), 0o600);
        logger.info({ event, marks: stored.count.marks, file }, 'The marks of this revoked gate are sealed');
      }
    } finally {
      stored.close();
    }
  }
  // A running gate has these files open and goes on with what has no name any more, until it is stopped.
  await rm(eventFolder(data, event), { recursive: true, force: true });
}

/** What an earlier try has sealed is not touched: it may hold more than is here now. */
function freePath(path: string): string {
  for (let number = 1; ; number++) {
    const free = number === 1 ? path : path.replace(/\.sealed$/, `-${number}.sealed`);
    if (!existsSync(free)) return free;
  }
}

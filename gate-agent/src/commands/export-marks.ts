// `gate-agent export FILE|DIR`: every mark this gate knows of its events, its own and the others', as their gates signed them, in one file
// an event for a USB stick. Beside a running agent it only reads.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { encodeMarkFile, err, markFileName, ok, ready, type Result } from '@postern/shared';
import { eventsOf } from '../config.ts';
import { replicaPath } from '../event-folder.ts';
import { sealedFiles } from '../seal-marks.ts';
import { openStoredChunks, type StoredChunks } from '../store/stored-chunks.ts';
import type { CommandError, GateFolder } from './gate-folder.ts';
import { askRunningAgent } from './running-agent.ts';
import { openStoppedReplica, type StoppedReplicaDeps } from './stopped-replica.ts';

export interface ExportDeps extends StoppedReplicaDeps {
  readonly fetch?: typeof fetch;
}

export interface Exported {
  readonly event: number;
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
  readonly marks: number;
  readonly gates: number;
}

export async function exportMarks(
  { folder, target }: { readonly folder: GateFolder; readonly target: string },
  deps: ExportDeps,
): Promise<Result<readonly Exported[], CommandError>> {
  await ready;
  const { config, data } = folder;
  if (!config.ok) return config;
  const key = folder.diskKey();
  if (!key.ok) return key;
  const sealed = sealedFiles(data);
  if (sealed.length > 0)
    return err({
      type: 'gate-revoked',
      message: `this gate is revoked, and its marks are sealed: carry ${sealed.join(', ')} to the cloud (cloud-sync import-sealed FILE)`,
    });
  const gate = config.value.gate.id;
  const events = eventsOf(config.value).map(({ id }) => id);
  try {
    const path = resolve(target);
    const isInFolder = await isFolder(path);
    if (!isInFolder && events.length > 1)
      return err({
        type: 'folder-needed',
        message: `this gate has ${events.length} events, and each goes into a file of its own: name a folder instead of ${path}`,
      });
    const isRunning = (await askRunningAgent(data, deps.fetch)) !== undefined;
    const exported: Exported[] = [];
    for (const event of events) {
      // What the last start had no time to sign.
      const signed = isRunning ? ok(undefined) : await signTheRest(folder, event, deps);
      if (!signed.ok) return signed;
      const file = isInFolder ? join(path, markFileName({ event, gate })) : path;
      const stored = openStoredChunks(replicaPath(data, event), event, { key: key.value });
      try {
        exported.push({ event, file, bytes: await write(file, stored, { event, gate }), ...stored.count });
      } finally {
        stored.close();
      }
    }
    return ok(exported);
  } catch (cause) {
    return err({
      type: 'export-failed',
      message: `nothing was exported: ${cause instanceof Error ? cause.message : 'unknown'}`,
    });
  }
}

async function signTheRest(folder: GateFolder, event: number, deps: ExportDeps): Promise<Result<void, CommandError>> {
  const replica = await openStoppedReplica(folder, event, deps);
  if (!replica.ok) return replica;
  const trouble = await replica.value.drain();
  replica.value.close();
  return trouble === undefined
    ? ok(undefined)
    : err({
        type: 'journal-unreadable',
        message: `the journal cannot be read whole: ${trouble}; run gate-agent doctor`,
      });
}

/** Under another name until it is whole and on the stick: a stick that is pulled early holds the file of before. */
async function write(file: string, stored: StoredChunks, header: Parameters<typeof markFileName>[0]): Promise<number> {
  const part = join(dirname(file), `.${basename(file)}.part`);
  try {
    // Anew, and never through a link that somebody has left on the stick.
    await rm(part, { force: true });
    const stream = createWriteStream(part, { flags: 'wx', flush: true });
    const failed = new Promise<never>((_, reject) => stream.once('error', reject));
    // It is waited for below, unless all goes well.
    failed.catch(() => undefined);
    for (const piece of encodeMarkFile(header, stored.chunks()))
      if (!stream.write(piece)) await Promise.race([once(stream, 'drain'), failed]);
    stream.end();
    await Promise.race([once(stream, 'close'), failed]);
    await rename(part, file);
    const folder = await open(dirname(file), 'r');
    await folder.sync().catch(() => undefined); // Not every file system of a stick knows this.
    await folder.close();
    return stream.bytesWritten;
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false; // A file that is yet to be made.
  }
}

export const renderExport = (exported: readonly Exported[]): readonly string[] => [
  ...exported.map(
    ({ event, file, bytes, marks, gates }) =>
      `${marks} ${marks === 1 ? 'mark' : 'marks'} of ${gates} ${gates === 1 ? 'gate' : 'gates'} in event ${event} are in ${file} (${Math.ceil(bytes / 1_000)} kB).`,
  ),
  'Unmount the stick before you pull it.',
];

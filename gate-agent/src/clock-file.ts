// Keeps the clock's saved state in the data folder: written to a temporary file, synced and renamed, so that a power cut leaves
// either the old state or the new one. Runs on a timer and at stop, never on the path of a scan.
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { savedClockSchema, type SavedClock } from './clock-trust.ts';

const clockFileBytesMax = 4_096;
export const clockFilePath = (dataFolder: string): string => join(dataFolder, 'clock.json');

/** The saved state, or undefined when there is none or it is not one (then the agent starts without trust, which is safe). */
export async function readClockFile(path: string): Promise<SavedClock | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > clockFileBytesMax) return undefined;
    const parsed = savedClockSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // Missing or torn: the same as a first start.
    return undefined;
  }
}

/** Durable when it resolves; rejects when the disk does. */
export async function writeClockFile(path: string, saved: SavedClock): Promise<void> {
  await writeFileDurably(path, `${JSON.stringify(saved)}\n`, 0o600);
}

/** Replaces a file so that after a power cut it holds the old or the new content, never a part. */
export async function writeFileDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

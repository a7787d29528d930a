// Where a running agent can be reached: DATA/run.json, for `status`, `doctor` and people's scripts. Gone when the agent has stopped;
// what a killed one leaves behind is recognised by its process id.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const runFileSchema = z.object({
  pid: z.number().int().positive(),
  url: z.url(),
  boot: z.string(),
  /** Shows the agent that who asks may read this folder. */
  token: z.string().default(''),
});
export type RunFile = z.infer<typeof runFileSchema>;

const runFilePath = (data: string): string => join(data, 'run.json');

export const writeRunFile = (data: string, run: RunFile): Promise<void> =>
  writeFile(runFilePath(data), `${JSON.stringify(run)}\n`, { mode: 0o600 });

export const removeRunFile = (data: string): Promise<void> => rm(runFilePath(data), { force: true });

/** Undefined when no agent runs on this data folder. */
export async function readRunFile(data: string): Promise<RunFile | undefined> {
  try {
    const run = runFileSchema.parse(JSON.parse(await readFile(runFilePath(data), 'utf8')));
    process.kill(run.pid, 0);
    return run;
  } catch {
    // No file, a torn one, or a process that is gone: in each case nobody is running.
    return undefined;
  }
}

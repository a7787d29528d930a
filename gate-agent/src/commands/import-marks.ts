// `gate-agent import FILE|DIR`: takes in the marks that a stick brings, through the same checks as if their gates had sent them: by the
// running agent, or by this process while none runs. Doing it twice changes nothing.
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  err,
  importMessage,
  markFileEnding,
  ok,
  readMarkFile,
  ready,
  sumImports,
  syncContentType,
  type ImportedGate,
  type ImportError,
  type IngestError,
  type MarkFileError,
  type Result,
} from '@postern/shared';
import { z } from 'zod';
import { eventsOf } from '../config.ts';
import type { CommandError, GateFolder } from './gate-folder.ts';
import { askRunningAgent, type RunningAgent } from './running-agent.ts';
import { openStoppedReplica, type StoppedReplica, type StoppedReplicaDeps } from './stopped-replica.ts';

export interface ImportDeps extends StoppedReplicaDeps {
  readonly fetch?: typeof fetch;
}

export interface ImportedFile {
  readonly file: string;
  readonly gates: readonly ImportedGate[];
  /** Why it, or its end, could not be read. */
  readonly trouble?: MarkFileError['type'] | 'other-event' | 'malformed' | 'sealed';
}

/** Takes one message of an event in, and says what came of it by gate. */
type Take = (
  event: number,
  message: Uint8Array,
  from: string,
) => Promise<Result<readonly ImportedGate[], ImportError | CommandError>>;

/** Of a folder. */
const filesMax = 1_000;
const fileBytesMax = 4 * 1024 ** 3;
const answerMsMax = 60_000;

const answerSchema = z.object({
  gates: z.array(
    z.object({
      gate: z.string(),
      marks: z.number(),
      refused: z.record(z.string(), z.number()) as z.ZodType<ImportedGate['refused']>,
    }),
  ),
});

export async function importMarks(
  { folder, source }: { readonly folder: GateFolder; readonly source: string },
  deps: ImportDeps,
): Promise<Result<readonly ImportedFile[], CommandError>> {
  await ready;
  const { config, data } = folder;
  if (!config.ok) return config;
  const events = eventsOf(config.value).map(({ id }) => id);
  const replicas = new Map<number, StoppedReplica>();
  try {
    const files = await findFiles(resolve(source));
    if (!files.ok) return files;
    const agent = await askRunningAgent(data, deps.fetch);
    if (agent !== undefined) return await readFiles(files.value, events, takeByAgent(agent, deps.fetch));
    for (const event of events) {
      const replica = await openStoppedReplica(folder, event, deps);
      if (!replica.ok) return replica;
      replicas.set(event, replica.value);
    }
    return await readFiles(files.value, events, async (event, message, from) => {
      const ingest = replicas.get(event)?.ingest;
      return ingest === undefined
        ? err({ type: 'event-forbidden', event })
        : importMessage({ ingest, event }, message, from);
    });
  } catch (cause) {
    return err({
      type: 'import-failed',
      message: `the import broke off: ${cause instanceof Error ? cause.message : 'unknown'}; it may be done again`,
    });
  } finally {
    for (const replica of replicas.values()) replica.close();
  }
}

async function findFiles(path: string): Promise<Result<readonly string[], CommandError>> {
  const found = (await stat(path)).isDirectory()
    ? (await readdir(path, { withFileTypes: true }))
        // Dot files: a part that an export has left, and what other systems strew on sticks.
        .filter((entry) => entry.isFile() && entry.name.endsWith(markFileEnding) && !entry.name.startsWith('.'))
        .map(({ name }) => join(path, name))
        .toSorted()
    : [path];
  if (found.length === 0)
    return err({ type: 'nothing-to-import', message: `there is no file *${markFileEnding} in ${path}` });
  if (found.length > filesMax)
    return err({
      type: 'too-many-files',
      message: `${path} holds ${found.length} files *${markFileEnding}; name one at a time`,
    });
  return ok(found);
}

async function readFiles(
  files: readonly string[],
  events: readonly number[],
  take: Take,
): Promise<Result<readonly ImportedFile[], CommandError>> {
  const imported: ImportedFile[] = [];
  for (const file of files) {
    const read = await readFile(file, events, take);
    if (!read.ok) return read;
    imported.push(read.value);
  }
  return ok(imported);
}

async function readFile(
  file: string,
  events: readonly number[],
  take: Take,
): Promise<Result<ImportedFile, CommandError>> {
  const parts: ImportedGate[] = [];
  let trouble: ImportedFile['trouble'];
  let failed: CommandError | undefined;
  let event = 0;
  const from = basename(file)
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, 64);
  const stream = createReadStream(file, { end: fileBytesMax });
  const read = await readMarkFile(stream, {
    header: (header) => {
      ({ event } = header);
      if (!events.includes(event)) trouble = 'other-event';
      else if (header.sealed) trouble = 'sealed';
      return trouble === undefined;
    },
    message: async (message) => {
      if (failed !== undefined) return;
      const taken = await take(event, message, from);
      if (taken.ok) parts.push(...taken.value);
      else if (taken.error.type === 'malformed') trouble ??= 'malformed';
      else if (taken.error.type === 'event-forbidden') trouble ??= 'other-event';
      else if ('message' in taken.error) failed = taken.error;
    },
  });
  stream.destroy();
  if (failed !== undefined) return err(failed);
  if (!read.ok) trouble ??= read.error.type;
  return ok({ file, gates: sumImports(parts), ...(trouble === undefined ? {} : { trouble }) });
}

const takeByAgent =
  ({ url, token }: RunningAgent, send: typeof fetch = fetch): Take =>
  async (_event, message, from) => {
    const response = await send(`${url.replace(/\/$/, '')}/import?from=${encodeURIComponent(from)}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': syncContentType },
      body: Buffer.from(message),
      redirect: 'error',
      signal: AbortSignal.timeout(answerMsMax),
    });
    const answer: unknown = await response.json();
    const imported = answerSchema.safeParse(answer);
    if (response.ok && imported.success) return ok(imported.data.gates);
    const type = typeof answer === 'object' && answer !== null && 'type' in answer ? String(answer.type) : 'unknown';
    if (type === 'malformed') return err({ type, cause: 'the agent says so' });
    if (type === 'event-forbidden') return err({ type, event: 0 });
    return err({ type, message: `the running agent does not take it in (${type}); look at its log` });
  };

/**
 * 0: everything could be read and was taken; 1: something was not. A stick that goes round a site holds files of other events, too:
 * these count only where there was nothing else.
 */
export function importExitCode(files: readonly ImportedFile[]): number {
  const ours = files.filter(({ trouble }) => trouble !== 'other-event');
  const isTaken = ({ trouble, gates }: ImportedFile): boolean =>
    trouble === undefined && gates.every(({ refused }) => Object.keys(refused).length === 0);
  return ours.length > 0 && ours.every(isTaken) ? 0 : 1;
}

const troubleTexts: Readonly<Record<NonNullable<ImportedFile['trouble']>, string>> = {
  'mark-file-unknown': 'this is not a file of marks',
  'mark-file-newer': 'a newer version has written this file; update this gate',
  'mark-file-torn': 'the file ends early: export it again and unmount the stick before you pull it',
  'mark-file-damaged': 'the file is damaged: export it again',
  malformed: 'parts of the file are damaged and were left out: export it again',
  sealed: 'this file is of a revoked gate and only the cloud can open it: cloud-sync import-sealed',
  'other-event': 'this file is about another event and was left alone',
};

const refusalTexts: Readonly<Record<IngestError['type'], string>> = {
  malformed: 'damaged',
  'signature-invalid': 'not signed by that gate',
  'payload-altered': 'altered since they were signed',
  'segment-invalid': 'against the rules, put aside',
  equivocation: 'contradict what that gate has said before, put aside',
  gap: 'what comes before them is missing',
  'gate-unknown': "not a gate in this gate's list",
  'gate-revoked': 'the gate is revoked, put aside',
  'no-room': 'the disk is nearly full',
};

/** Lines for people. */
export function renderImport(files: readonly ImportedFile[]): readonly string[] {
  const lines = files.flatMap(({ file, gates, trouble }) => [
    `${basename(file)}:`,
    ...gates.map(
      ({ gate, marks, refused }) =>
        `  ${gate}: ${marks === 0 ? 'nothing new' : `${marks} new ${marks === 1 ? 'mark' : 'marks'}`}${(Object.keys(refused) as IngestError['type'][]).map((reason) => `; ${refused[reason] ?? 0} refused: ${refusalTexts[reason]}`).join('')}`,
    ),
    ...(trouble === undefined ? [] : [`  ! ${troubleTexts[trouble]}`]),
  ]);
  const marks = files.flatMap(({ gates }) => gates).reduce((sum, gate) => sum + gate.marks, 0);
  return [...lines, `${importExitCode(files) === 0 ? '✓' : '!'} ${marks} new ${marks === 1 ? 'mark' : 'marks'} in all`];
}

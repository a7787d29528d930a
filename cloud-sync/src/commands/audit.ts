// `cloud-sync audit verify | export | rebuild | rotate-key`. `verify` ends with 0 when everything proves and with 1 when it names the
// first row that does not; `rebuild` with 1 when what was derived was not what its marks make.
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { err, ok, type Result } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { AuditExport } from '../services/audit-against.ts';
import type { AuditProof, AuditTools } from '../services/audit-tools.ts';
import type { Rebuilt } from '../services/projection.ts';
import type { Failure } from '../services/problems.ts';
import { placeArguments, type CommandTools } from './command-tools.ts';

export interface AuditCommandDeps extends Pick<CommandTools<AuditTools>, 'orExit' | 'eventNumber'> {
  readonly withTools: CommandTools<AuditTools>['withCloud'];
  readonly startProgress: (total: number) => { update: (done: number) => void; stop: () => void };
  readonly write: (line: string) => void;
  /** False once nobody reads what is written. */
  readonly isRead: () => boolean;
}

export function createAuditCommand(deps: AuditCommandDeps): CommandDef {
  const { withTools, orExit, eventNumber, startProgress, write, isRead } = deps;
  const event = { type: 'string', description: 'Number of the event', valueHint: 'N' } as const;
  const eventOf = (text: string | undefined): { event?: number } =>
    text === undefined ? {} : { event: eventNumber(text) };

  const verify = defineCommand({
    meta: { name: 'verify', description: 'Prove the audit log; names the first row that does not fit' },
    args: {
      ...placeArguments,
      event: { ...event, description: 'Only the chains in which this event occurs' },
      against: { type: 'string', description: 'An earlier export that must still hold', valueHint: 'FILE' },
    },
    run: async ({ args }) => {
      await withTools(args, async (tools) => {
        const bar = startProgress(await tools.entryCount());
        const against = args.against === undefined ? {} : { against: orExit(exportIn(args.against)) };
        const report = orExit(
          await tools.verify({ ...eventOf(args.event), ...against, progress: (done) => bar.update(done) }),
        );
        bar.stop();
        if (report.flaw !== undefined) process.exitCode = 1;
        for (const line of describeReport(report)) write(line);
      });
    },
  });
  const exportCommand = defineCommand({
    meta: { name: 'export', description: 'Write chains and heads as JSON lines, without personal fields' },
    args: { ...placeArguments, event: { ...event, description: 'Only the chains in which this event occurs' } },
    run: async ({ args }) => {
      await withTools(args, async (tools) => {
        for await (const line of tools.exportLines(eventOf(args.event).event)) {
          if (!isRead()) return;
          write(line);
        }
      });
    },
  });
  const rebuild = defineCommand({
    meta: {
      name: 'rebuild',
      description: 'Make all that is derived of an event anew from its marks; says whether it was right',
    },
    args: { ...placeArguments, event: { ...event, required: true } },
    run: async ({ args }) => {
      await withTools(args, async (tools) => {
        const number = eventNumber(args.event);
        const rebuilt = orExit(await tools.rebuild(number));
        for (const line of describeRebuilt(number, rebuilt)) write(line);
        if (rebuilt.before.hash !== rebuilt.after.hash) process.exitCode = 1;
      });
    },
  });
  const rotateKey = defineCommand({
    meta: { name: 'rotate-key', description: 'A new key for signing; a running service takes it at its next start' },
    args: placeArguments,
    run: async ({ args }) => {
      await withTools(args, async (tools) => {
        write(`The key ${await tools.rotateKey()} signs the audit log from now on.`);
        write('Restart the processes that are running: until then they sign with the one before.');
      });
    },
  });
  return defineCommand({
    meta: { name: 'audit', description: 'The log of what was done' },
    subCommands: { verify, export: exportCommand, rebuild, 'rotate-key': rotateKey },
  });
}

const exportIn = (file: string): Result<AuditExport, Failure> =>
  statSync(file, { throwIfNoEntry: false })?.isFile() === true
    ? ok({ file, lines: createInterface({ input: createReadStream(file) }) })
    : err({ type: 'file-unknown', detail: `There is no file ${file}` });

/** What a person reads. */
export function describeRebuilt(
  event: number,
  { tickets, uses, before, after }: Rebuilt & { readonly uses: number },
): readonly string[] {
  const made = `Event ${event}: ${tickets} tickets, ${after.rowsByTable.case} cases and ${uses} uses made anew.`;
  if (before.hash === after.hash) return [made, `The projection was right: its hash is ${after.hash}.`];
  const wrong = Object.entries(after.hashByTable).flatMap(([table, hash]) =>
    hash === before.hashByTable[table as keyof typeof before.hashByTable] ? [] : [table],
  );
  return [
    made,
    `The projection was NOT what its marks make: ${wrong.join(', ')} differed. It is right now: ${after.hash}.`,
  ];
}

/** What a person reads. */
export function describeReport(report: AuditProof): readonly string[] {
  const { chains, entries, heads, erased, unsigned, keys, held, flaw } = report;
  if (flaw !== undefined) return [`BROKEN: chain ${flaw.chain}, entry ${flaw.sequence} ${flaw.what}.`];
  return [
    `Proved: ${entries} entries in ${chains} chains, ${heads} signed heads, ${erased} erased personal fields.`,
    `Signed by: ${keys.length === 0 ? 'nobody yet' : keys.join(', ')}.`,
    ...(unsigned === 0
      ? []
      : [`Not signed yet: the last ${unsigned} entries of chains that are in use; cut off, they would not be missed.`]),
    ...(held === undefined
      ? []
      : [`Of the export: all ${held.heads} heads and ${held.entries} entries are still there.`]),
  ];
}

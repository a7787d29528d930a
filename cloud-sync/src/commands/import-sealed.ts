// `cloud-sync import-sealed FILE`: takes in what a revoked gate has sealed to this cloud, also while the service runs. Exit code 0 when all of
// it is in the history, 1 when something was put aside.
import { createReadStream, existsSync } from 'node:fs';
import { basename } from 'node:path';
import { defineCommand, type CommandDef } from 'citty';
import type { SealedImport, SealedMarks, SealedMarksError } from '../services/sealed-marks.ts';
import { placeArguments, type CommandTools } from './command-tools.ts';

const sealedArguments = {
  file: { type: 'positional', required: true, description: 'postern-event-N-GATE.sealed', valueHint: 'FILE' },
  release: {
    type: 'boolean',
    description: 'Let in at once what the gate says it made before it was revoked; the rest stays put aside',
  },
  ...placeArguments,
} as const;

export interface ImportSealedTools extends Pick<
  CommandTools<{ readonly sealedMarks: SealedMarks }>,
  'withCloud' | 'fail'
> {
  readonly print: (line: string) => void;
}

export const createImportSealedCommand = ({
  withCloud,
  fail,
  print,
}: ImportSealedTools): CommandDef<typeof sealedArguments> =>
  defineCommand({
    meta: { name: 'import-sealed', description: 'Take in the marks that a revoked gate has sealed to this cloud' },
    args: sealedArguments,
    run: async ({ args }) => {
      if (!existsSync(args.file)) fail(`there is no file ${args.file}.`);
      await withCloud(args, async ({ sealedMarks }) => {
        const name = basename(args.file)
          .replaceAll(/[^A-Za-z0-9._-]/g, '_')
          .slice(0, 64);
        const taken = await sealedMarks.take(createReadStream(args.file), { name, release: args.release === true });
        if (!taken.ok) return fail(errorTexts[taken.error.type]);
        for (const line of describe(taken.value)) print(line);
        const { aside, refused } = taken.value;
        if (aside.before + aside.after > 0 || Object.keys(refused).length > 0) process.exitCode = 1;
      });
    },
  });

const errorTexts: Readonly<Record<SealedMarksError['type'], string>> = {
  'mark-file-unknown': 'this is not a file of sealed marks.',
  'mark-file-newer': 'a newer version has written this file; update the cloud.',
  'mark-file-torn': 'the file ends early: copy it again from the gate; what came before the end has been taken in.',
  'mark-file-damaged': 'the file is damaged: copy it again from the gate.',
  'mark-file-open': 'these marks are not sealed: a gate of the event takes them in (gate-agent import).',
  'mark-file-not-ours': 'this file was altered, or sealed to another cloud: this database has not the key for it.',
};

function describe({ event, gate, marks, revokedAtMs, aside, refused }: SealedImport): readonly string[] {
  const when = revokedAtMs === undefined ? '' : ` (${new Date(revokedAtMs).toISOString()})`;
  const left = aside.before + aside.after;
  return [
    `Gate ${gate}, event ${event}: ${marks} new ${marks === 1 ? 'mark' : 'marks'} in the history.`,
    ...(left === 0
      ? []
      : [
          `${left} put aside: by the gate's own clock ${aside.before} from before it was revoked${when}, ${aside.after} from after that.`,
          `Look at them: GET /api/events/${event}/quarantine. They are counted in pieces as the gate signed them, the beginning of which may be known.`,
        ]),
    ...(aside.before === 0 ? [] : ['To let in what is from before: again with --release.']),
    ...Object.entries(refused).map(([reason, count]) => `${count} pieces not taken: ${reason}.`),
  ];
}

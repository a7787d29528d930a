#!/usr/bin/env node
// The command line of the gate: run | enrol | status | doctor | test-reader | bind | decode | verify | export | import … Each command is a function
// of its own; here are only their words, and the only place of the agent where they meet the terminal.
import { spawnSync } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { text as readAll } from 'node:stream/consumers';
import type { Result } from '@postern/shared';
import { defineCommand, runCommand as runSubCommand, runMain } from 'citty';
import { findGateFolder, type CommandError } from './commands/gate-folder.ts';
import { createLogger, logLevels } from './logger.ts';
import { createSystemClock, createSystemRandom, createSystemTimer, readMachineBoot } from './system.ts';

const folderArguments = {
  data: { type: 'string', description: 'Folder of the gate', valueHint: 'DIR' },
  config: {
    type: 'string',
    description: 'Configuration (default: gate.toml in the folder, or here)',
    valueHint: 'FILE',
  },
} as const;
const jsonArgument = { json: { type: 'boolean', description: 'JSON instead of sentences' } } as const;

const runGate = defineCommand({
  meta: { name: 'run', description: 'Run the gate until it is told to stop' },
  args: {
    config: { type: 'string', default: 'gate.toml', description: 'Configuration', valueHint: 'FILE' },
    'log-level': { type: 'string', description: logLevels.join(', '), valueHint: 'LEVEL' },
    json: { type: 'boolean', description: 'Say "ready" as one line of JSON' },
  },
  run: async ({ args }) => {
    const asked = args['log-level'];
    const logLevel = logLevels.find((level) => level === asked);
    if (asked !== undefined && logLevel === undefined)
      stop({ type: 'usage', message: `--log-level is one of ${logLevels.join(', ')}, not "${asked}"` });
    // Only here: the other commands do not wait for the lanes, the web server and the decoder to load.
    const { runCommand } = await import('./commands/run.ts');
    process.exitCode = await runCommand({
      config: args.config,
      json: args.json === true,
      ...(logLevel === undefined ? {} : { logLevel }),
    });
  },
});

const enrolGate = defineCommand({
  meta: {
    name: 'enrol',
    description: "Join a deployment: make this gate's key, buy its certificate with a one-time code, fetch its lanes",
  },
  args: {
    url: {
      type: 'positional',
      required: true,
      description: 'Address of the cloud, or the whole link URL#CODE',
      valueHint: 'URL',
    },
    code: { type: 'positional', required: false, description: 'One-time code that the cloud shows', valueHint: 'CODE' },
    data: {
      type: 'string',
      default: 'gate-data',
      description: 'Folder for everything this gate keeps',
      valueHint: 'DIR',
    },
    lan: {
      type: 'string',
      description: 'Where other gates reach this one (default: 0.0.0.0:7443)',
      valueHint: 'ADDRESS:PORT|off',
    },
    'disk-key': {
      type: 'boolean',
      default: true,
      negativeDescription: 'Make no key for its databases: systemd brings one, or they are to stay readable',
    },
    force: { type: 'boolean', description: 'Replace an existing gate.toml' },
    ...jsonArgument,
  },
  run: async ({ args }) => {
    const { enrol } = await import('./commands/enrol.ts');
    const enrolled = orStop(
      await enrol({ ...args, diskKey: args['disk-key'] }, { ...system(), userId: process.geteuid?.() }),
    );
    if (args.json === true) return console.log(JSON.stringify(enrolled));
    const { gate, event, data, configPath } = enrolled;
    console.log(`Enrolled: ${gate.name} (${gate.id}), zone ${gate.zone}, "${event.name}" (event ${event.id}).`);
    console.log(
      `The key was made here and stays in ${data}/identity; certificate until ${new Date(enrolled.certificateExpiresMs).toISOString().slice(0, 10)}.`,
    );
    if (enrolled.config === 'written') console.log(`Configuration: ${configPath}`);
    for (const todo of enrolled.todo) console.log(`! ${todo}`);
    console.log(`Next: gate-agent run --config ${configPath}`);
  },
});

const showStatus = defineCommand({
  meta: { name: 'status', description: 'How the gate is; exit 0 when it runs and can admit, else 1' },
  args: { ...folderArguments, ...jsonArgument },
  run: async ({ args }) => {
    const { readStatus, renderStatus, statusExitCode } = await import('./commands/status.ts');
    const status = orStop(await readStatus(orStop(findGateFolder(args)), { ...system(), ...quiet() }));
    if (args.json === true) console.log(JSON.stringify(status));
    else for (const line of renderStatus(status)) console.log(line);
    process.exitCode = statusExitCode(status);
  },
});

const showDoctor = defineCommand({
  meta: {
    name: 'doctor',
    description: 'Look at everything a gate needs and say what to mend; exit 0 when nothing fails, else 1',
  },
  args: { ...folderArguments, ...jsonArgument },
  run: async ({ args }) => {
    const { doctorExitCode, examine, renderFinding, renderVerdict } = await import('./commands/doctor.ts');
    const { probeNfc } = await import('./commands/probe-nfc.ts');
    const { hasFaceModels } = await import('./face/face-thread.ts');
    const findings = await examine({
      ...system(),
      ...quiet(),
      folder: orStop(findGateFolder(args)),
      nodeVersion: process.version,
      userId: process.geteuid?.(),
      freeBytes: async (folder) => {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      },
      hasPackage: isResolvable,
      hasFaceModels,
      hasProgram: (program) => !isMissing(spawnSync(program, ['-version'], { stdio: 'ignore', timeout: 5_000 }).error),
      probeNfc,
    });
    if (args.json === true) console.log(JSON.stringify(findings));
    else for (const line of [...findings.map(renderFinding), '', renderVerdict(findings)]) console.log(line);
    process.exitCode = doctorExitCode(findings);
  },
});

const decodePictures = defineCommand({
  meta: { name: 'decode', description: 'Read the codes in pictures or videos; one line of JSON a file' },
  args: { file: { type: 'positional', required: true, description: 'Pictures or videos', valueHint: 'FILE...' } },
  run: async ({ args }) => {
    const { decodeFiles } = await import('./commands/decode.ts');
    process.exitCode = await decodeFiles(args._, {
      writeLine: (line) => console.log(line),
      signal: untilInterrupted(),
    });
  },
});

const testOneReader = defineCommand({
  meta: { name: 'test-reader', description: 'Open one reader by itself and show what arrives, until Ctrl-C' },
  args: {
    uri: { type: 'positional', required: true, description: 'As in gate.toml, for example stdin://', valueHint: 'URI' },
    whole: { type: 'boolean', description: 'Show codes whole; whoever sees one can enter with it' },
  },
  run: async ({ args }) => {
    const { testReader } = await import('./commands/test-reader.ts');
    // A reader that waits to be started again holds nothing that would keep the process alive.
    const staying = setInterval(() => undefined, 60_000);
    const arrived = orStop(
      await testReader(
        { uri: args.uri, whole: args.whole === true },
        {
          ...system(),
          ...quiet(),
          timer: createSystemTimer(),
          stdin: process.stdin,
          writeLine: (line) => console.log(line),
        },
      ),
    );
    clearInterval(staying);
    console.log(`${arrived} arrived`);
    process.exitCode = arrived > 0 ? 0 : 1;
  },
});

const bindAtDesk = defineCommand({
  meta: {
    name: 'bind',
    description: 'Give wristbands to tickets: scan a ticket, hold a band to a reader; beside the running agent',
  },
  args: {
    ...folderArguments,
    operator: {
      type: 'string',
      required: true,
      description: 'Who does it, as the cloud has named them',
      valueHint: 'ID',
    },
    reader: { type: 'string', description: 'Only this reader, for example main-2', valueHint: 'ID' },
  },
  run: async ({ args }) => {
    const { bindBands } = await import('./commands/bind.ts');
    const { openTerminal } = await import('./terminal.ts');
    const terminal = openTerminal();
    const given = await bindBands(
      { folder: orStop(findGateFolder(args)), operator: args.operator, reader: args.reader },
      { ...terminal, say: (line) => console.log(line), signal: untilInterrupted() },
    );
    terminal.close();
    console.log(`${orStop(given)} given`);
  },
});

const verifyCode = defineCommand({
  meta: {
    name: 'verify',
    description: 'What this gate would say to a code; writes nothing. Exit 0 admit, 1 refuse, 3 hold, 2 error',
  },
  args: {
    text: {
      type: 'positional',
      required: true,
      description: 'The text in the code; - reads it from standard input',
      valueHint: 'TEXT',
    },
    ...folderArguments,
    lane: { type: 'string', description: 'Lane (default: the first entry)', valueHint: 'ID' },
  },
  run: async ({ args }) => {
    const { verify, verifyExitCodes } = await import('./commands/verify.ts');
    const folder = orStopWithJson(findGateFolder(args));
    const text = args.text === '-' ? (await readAll(process.stdin)).replace(/\r?\n$/, '') : args.text;
    const answer = orStopWithJson(await verify({ folder, text, lane: args.lane }, { ...system(), ...quiet() }));
    console.log(JSON.stringify(answer));
    process.exitCode = verifyExitCodes[answer.decision];
  },
});

const exportToStick = defineCommand({
  meta: {
    name: 'export',
    description: 'Write all marks this gate knows into a file, for a USB stick; also beside a running agent',
  },
  args: {
    target: {
      type: 'positional',
      required: true,
      description: 'File, or a folder in which each gate has a file of its own',
      valueHint: 'FILE|DIR',
    },
    ...folderArguments,
    ...jsonArgument,
  },
  run: async ({ args }) => {
    const { exportMarks, renderExport } = await import('./commands/export-marks.ts');
    const folder = orStop(findGateFolder(args));
    const exported = orStop(await exportMarks({ folder, target: args.target }, stickDeps()));
    if (args.json === true) console.log(JSON.stringify(exported));
    else for (const line of renderExport(exported)) console.log(line);
  },
});

const importFromStick = defineCommand({
  meta: {
    name: 'import',
    description: 'Take in marks that other gates have exported; exit 0 all taken, 1 something was not',
  },
  args: {
    source: { type: 'positional', required: true, description: 'File, or a folder of them', valueHint: 'FILE|DIR' },
    ...folderArguments,
    ...jsonArgument,
  },
  run: async ({ args }) => {
    const { importExitCode, importMarks, renderImport } = await import('./commands/import-marks.ts');
    const folder = orStop(findGateFolder(args));
    const imported = orStop(await importMarks({ folder, source: args.source }, stickDeps()));
    if (args.json === true) console.log(JSON.stringify(imported));
    else for (const line of renderImport(imported)) console.log(line);
    process.exitCode = importExitCode(imported);
  },
});

const checkProjection = defineCommand({
  meta: {
    name: 'projection',
    description: 'Prove that what is derived from the marks is what they make; exit 0 when it was, 1 when not, 2 error',
  },
  args: {
    ...folderArguments,
    ...jsonArgument,
    rebuild: { type: 'boolean', description: 'Make it anew; with the agent stopped' },
  },
  run: async ({ args }) => {
    const { describeProjection, isRight, projection } = await import('./commands/projection.ts');
    const rebuild = args.rebuild === true;
    const checks = orStop(await projection(orStop(findGateFolder(args)), { rebuild }));
    if (args.json === true) console.log(JSON.stringify(checks));
    else for (const check of checks) for (const line of describeProjection(check, rebuild)) console.log(line);
    process.exitCode = checks.every(isRight) ? 0 : 1;
  },
});

const main = defineCommand({
  meta: {
    name: 'gate-agent',
    version: '0.1.0',
    description: 'A gate: reads codes, decides by itself, remembers, opens',
  },
  subCommands: {
    run: runGate,
    enrol: enrolGate,
    status: showStatus,
    doctor: showDoctor,
    decode: decodePictures,
    'test-reader': testOneReader,
    bind: bindAtDesk,
    verify: verifyCode,
    export: exportToStick,
    import: importFromStick,
    projection: checkProjection,
  },
});

const system = () => ({ clock: createSystemClock(), random: createSystemRandom(), machineBoot: readMachineBoot() });
const quiet = () => ({ logger: createLogger('silent'), signal: untilInterrupted() });

const stickDeps = () => ({ ...system(), ...quiet(), userId: process.geteuid?.() });

const { resolve: resolvePackage } = createRequire(import.meta.url);

function isResolvable(name: string): boolean {
  try {
    resolvePackage(name);
    return true;
  } catch {
    return false; // That it throws is the answer.
  }
}

const isMissing = (error: Error | undefined): boolean =>
  error !== undefined && 'code' in error && error.code === 'ENOENT';

function untilInterrupted(): AbortSignal {
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  return stopping.signal;
}

const orStop = <T>(result: Result<T, CommandError>): T => (result.ok ? result.value : stop(result.error));

/** For commands whose answer is JSON: so is their error. */
function orStopWithJson<T>(result: Result<T, CommandError>): T {
  if (!result.ok) console.log(JSON.stringify({ decision: 'error', ...result.error }));
  return orStop(result);
}

function stop({ message }: CommandError): never {
  for (const line of message.split('\n')) console.error(`gate-agent: ${line}`);
  process.exit(2);
}

const words = process.argv.slice(2);
if (words.length === 0 || words.some((word) => ['--help', '-h', '--version'].includes(word))) await runMain(main);
else
  await runSubCommand(main, { rawArgs: words }).catch((cause: unknown) => {
    // Citty's complaints about the words themselves; anything else is a bug and shows where it is. Never 1: that says "refuse".
    const isUsage = cause instanceof Error && cause.name === 'CLIError';
    console.error(isUsage ? `gate-agent: ${cause.message} (see gate-agent --help)` : cause);
    process.exit(2);
  });

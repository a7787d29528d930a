// A venue of real processes on a lab's network: clouds and enrolled gates, started as a customer starts them, each on a machine of its own.
// Visitors are typed in at the gates; what the gates answer is heard as their screens hear it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LaneEvent, TicketResponse } from '@postern/shared';
import { enrol } from '../../gate-agent/src/commands/enrol.ts';
import { createSystemClock, createSystemRandom, readMachineBoot } from '../../gate-agent/src/system.ts';
import { createCloudClient, type Cloud } from '../demo/cloud.ts';
import { readEvents } from '../demo/sse.ts';
import type { NetworkLab } from './network-lab.ts';

export interface VenueOptions {
  readonly lab: NetworkLab;
  readonly folder: string;
  readonly gates: number;
  /** Of each cloud; the clouds are on the machines behind those of the gates. */
  readonly databaseUrls: readonly string[];
  readonly masterKey: string;
  readonly tickets: number;
  /** `HOST:PORT` at which gates answer each other; default as enrolment has it. */
  readonly lan?: string;
}

export interface Venue {
  readonly event: number;
  readonly tickets: readonly TicketResponse[];
  readonly gates: readonly VenueGate[];
  readonly clouds: readonly VenueCloud[];
  /** Kills everything that runs. */
  readonly end: () => Promise<void>;
}

export interface VenueProcess {
  readonly machine: number;
  readonly isRunning: () => boolean;
  /** Resolves when it works. */
  readonly start: () => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

export interface VenueGate extends VenueProcess {
  readonly id: string;
  readonly folder: string;
  readonly pid: () => number;
  readonly onEvent: (listener: (event: LaneEvent) => void) => void;
  /** Shows a ticket to its reader. */
  readonly scan: (ticket: TicketResponse) => void;
  readonly json: <T>(path: string) => Promise<T>;
}

export interface VenueCloud extends VenueProcess {
  readonly client: Cloud;
}

const programs = {
  cloud: fileURLToPath(new URL('../../cloud-sync/src/cli.ts', import.meta.url)),
  gate: fileURLToPath(new URL('../../gate-agent/src/cli.ts', import.meta.url)),
} as const;
const cloudPort = 8_080;
/** Of each gate, on its machine's address. */
export const localPort = 8_137;
const zone = { id: 'arena', name: 'Arena' };
/** The API takes so many at a time. */
const ticketsPerRequest = 500;
const requestMsMax = 10_000;

export async function startVenue(options: VenueOptions): Promise<Venue> {
  const { lab, folder, databaseUrls, tickets: ticketCount } = options;
  const running: VenueProcess[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.kill('SIGKILL')));
  };
  try {
    const clouds: VenueCloud[] = [];
    let token: string | undefined;
    for (const [index, databaseUrl] of databaseUrls.entries()) {
      const cloud = createVenueCloud(options, index, databaseUrl, () => token ?? '');
      running.push(cloud);
      token ??= await cloud.startFirst();
      if (!cloud.isRunning()) await cloud.start();
      clouds.push(cloud);
    }
    const client = clouds[0]?.client;
    if (client === undefined) throw new Error('a venue has a cloud');
    const event = await client.createEvent('A night of faults', zone);
    const tickets: TicketResponse[] = [];
    while (tickets.length < ticketCount) {
      const count = Math.min(ticketsPerRequest, ticketCount - tickets.length);
      tickets.push(
        ...(await client.issue(
          event,
          Array.from({ length: count }, () => ({ type: 1, status: 'valid' as const, party: 1 })),
        )),
      );
    }
    const gates: VenueGate[] = [];
    for (let machine = 0; machine < options.gates; machine++) {
      const id = `gate-${machine}`;
      const home = join(folder, id);
      const invited = { id, name: id, zone: zone.id, reader: 'stdin://', actuator: 'sim://turnstile?pass-ms=20' };
      const code = await client.inviteGate(event, { ...invited, address: `${lab.addressOf(machine)}:7443` });
      await enrolGate(cloudUrl(options, machine % clouds.length), code, home, options.lan);
      appendFileSync(join(home, 'gate.toml'), `\n[local]\nlisten = "${lab.addressOf(machine)}"\nport = ${localPort}\n`);
      gates.push(createVenueGate(lab, machine, id, home));
    }
    running.push(...gates);
    await client.publish(event);
    return { event, tickets, gates, clouds, end };
  } catch (cause) {
    await end();
    throw cause;
  }
}

const cloudMachine = ({ gates }: VenueOptions, index: number): number => gates + index;
const cloudUrl = (options: VenueOptions, index: number): string =>
  `http://${options.lab.addressOf(cloudMachine(options, index))}:${cloudPort}`;

async function enrolGate(url: string, code: string, data: string, lan: string | undefined): Promise<void> {
  const enrolled = await enrol(
    // Benches and tests look into their databases while they work.
    { url, code, data, lan, diskKey: false },
    { clock: createSystemClock(), random: createSystemRandom(), machineBoot: readMachineBoot() },
  );
  if (!enrolled.ok) throw new Error(enrolled.error.message);
}

function createVenueCloud(
  options: VenueOptions,
  index: number,
  databaseUrl: string,
  token: () => string,
): VenueCloud & { readonly startFirst: () => Promise<string | undefined> } {
  const { lab, folder, masterKey } = options;
  const machine = cloudMachine(options, index);
  const data = join(folder, `cloud-${index}`);
  mkdirSync(data, { recursive: true });
  const url = cloudUrl(options, index);
  const settings = {
    data,
    database: databaseUrl,
    'log-level': 'warn',
    host: lab.addressOf(machine),
    port: String(cloudPort),
  };
  let said: string | undefined;
  const running = createProcess({
    lab,
    machine,
    logFile: join(folder, `cloud-${index}.log`),
    // Many gates, one account: usual limits would refuse most of it.
    environment: { POSTERN_CLOUD_MASTER_KEY: masterKey, POSTERN_CLOUD_LIMITS_FACTOR: '1000' },
    arguments: [programs.cloud, 'serve', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    isReady: (line) => {
      said ??= /with token +(\S+)/.exec(line)?.[1];
      return line.startsWith('cloud-sync is ready');
    },
  });
  let client: Cloud | undefined;
  return {
    ...running,
    machine,
    startFirst: async () => {
      await running.start();
      return said;
    },
    get client() {
      return (client ??= createCloudClient(url, token()));
    },
  };
}

function createVenueGate(lab: NetworkLab, machine: number, id: string, folder: string): VenueGate {
  const listeners = new Set<(event: LaneEvent) => void>();
  const url = `http://${lab.addressOf(machine)}:${localPort}`;
  const running = createProcess({
    lab,
    machine,
    logFile: join(folder, 'log'),
    environment: {},
    arguments: [programs.gate, 'run', '--config', join(folder, 'gate.toml'), '--json'],
    isReady: (line) => line.startsWith('{"type":"ready"'),
  });
  return {
    ...running,
    id,
    folder,
    machine,
    start: async () => {
      await running.start();
      await new Promise<void>((resolve, reject) => {
        readEvents(
          `${url}/events`,
          ({ event, data }) => {
            if (event === 'hello') resolve();
            if (event === 'lane') for (const listener of listeners) listener(JSON.parse(data) as LaneEvent);
          },
          new AbortController().signal,
        ).catch(reject); // Once it has said hello, this says only that it was killed.
      });
    },
    onEvent: (listener) => void listeners.add(listener),
    scan: ({ text }) => running.type(text ?? ''),
    json: async <T>(path: string) =>
      (await (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(requestMsMax) })).json()) as T,
  };
}

interface ProcessOptions {
  readonly lab: NetworkLab;
  readonly machine: number;
  readonly logFile: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  readonly isReady: (line: string) => boolean;
}

/** So that nothing outlives us, however we end. */
const untilWeEnd = ['/usr/bin/setpriv', '/bin/setpriv']
  .filter((path) => existsSync(path))
  .slice(0, 1)
  .flatMap((path) => [path, '--pdeathsig', 'KILL']);

function createProcess({
  lab,
  machine,
  logFile,
  environment,
  arguments: words,
  isReady,
}: ProcessOptions): VenueProcess & {
  readonly pid: () => number;
  readonly type: (line: string) => void;
} {
  let child: ChildProcess | undefined;
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    machine,
    isRunning,
    pid: () => child?.pid ?? 0,
    type: (line) => void child?.stdin?.write(`${line}\n`),
    start: async () => {
      const fromSource = [process.execPath, '--conditions=source', '--import', import.meta.resolve('tsx')];
      const [program = '', ...rest] = [...lab.at(machine), ...untilWeEnd, ...fromSource, ...words];
      const started = spawn(program, rest, {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...environment },
      });
      child = started;
      started.stdin.on('error', () => undefined); // It was killed: who is typed in now is not let in.
      started.stderr.pipe(createWriteStream(logFile, { flags: 'a' }));
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: started.stdout }).on('line', (line) => isReady(line) && resolve());
        started.once('exit', (code, signal) =>
          reject(new Error(`${words[0]} has ended (${code ?? signal}): ${logFile}`)),
        );
      });
    },
    kill: async (signal) => {
      if (child === undefined || !isRunning()) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

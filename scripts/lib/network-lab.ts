// A network of machines that are not there: Linux network namespaces on one bridge, in which programs run as if each had a computer of its
// own. Packets can be lost, and groups of machines cut off from each other; on a switch in the bridge's place they can also be late, come
// twice and overtake each other. Multicast reaches all on either. Needs root; everything is gone with `remove`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startLatencySwitch, type LatencySwitch } from './latency-switch.ts';

export interface NetworkLab {
  /** This process on the lab's network: it reaches every machine, whatever is cut. */
  readonly address: string;
  readonly addressOf: (machine: number) => string;
  /** What to write before a command so that it runs there. */
  readonly at: (machine: number) => readonly string[];
  /** Of the packets between machines so many are lost, in per cent. */
  readonly setLoss: (percent: number) => void;
  /** Over IPv4 only machines of one group hear each other; machines that are in none hear nobody. IPv6 goes everywhere. */
  readonly partition: (groups: readonly (readonly number[])[]) => void;
  readonly heal: () => void;
  /** In the bridge's place, if it was asked for. */
  readonly latencySwitch: LatencySwitch | undefined;
  readonly remove: () => void;
}

const namePrefix = 'pstrn';
const ends = ['SIGINT', 'SIGTERM', 'disconnect'] as const;
const netnsFolder = '/run/netns';
const machineDevice = 'eth0';

/** Why no lab can be made here, or undefined. */
export function missingNetworkLab(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const [program, ...rest] of [
    ['ip', '-V'],
    ['nft', '-v'],
  ] as const)
    if (spawnSync(program, rest).status !== 0) return `${program} not installed`;
  const probe = `${namePrefix}${process.pid}-probe`;
  const made = spawnSync('ip', ['netns', 'add', probe], { encoding: 'utf8' });
  if (made.status !== 0) return `no network namespaces here: ${made.stderr.trim()}`;
  const filtered = spawnSync('ip', ['netns', 'exec', probe, 'nft', '-f', '-'], {
    input: rules({ lossPercent: 1, blocked: [], exempt: '10.0.0.1' }),
    encoding: 'utf8',
  });
  run('ip', 'netns', 'delete', probe);
  return filtered.status === 0 ? undefined : `no packet filter in a namespace here: ${filtered.stderr.trim()}`;
}

export interface NetworkLabOptions {
  readonly machines: number;
  /** Of the latency switch; without one the machines are on a bridge, which is as quick as it can be. */
  readonly switchSeed?: number | undefined;
}

export async function createNetworkLab({ machines, switchSeed }: NetworkLabOptions): Promise<NetworkLab> {
  removeLeftOver();
  const name = `${namePrefix}${process.pid}`;
  const network = `10.${64 + (process.pid % 128)}`;
  const address = `${network}.255.1`;
  const machineName = (machine: number): string => `${name}-${machine}`;
  const addressOf = (machine: number): string => `${network}.${Math.floor(machine / 200)}.${(machine % 200) + 1}`;
  const hub = `${name}-hub`;
  let latencySwitch: LatencySwitch | undefined;
  const all = Array.from({ length: machines }, (_, machine) => machine);

  const remove = (): void => {
    process.off('exit', remove);
    for (const end of ends) process.off(end, endNow);
    latencySwitch?.close();
    // A namespace is taken down a moment later; its name and this end of the wire are free at once.
    spawnSync('ip', ['link', 'delete', name]);
    for (const machine of [...all.map(machineName), hub]) removeNamespace(machine);
  };
  /** A signal would skip what is to be done at the exit; and whose test runner is gone has nobody to go on for. */
  const endNow = (): never => {
    remove();
    process.exit(1);
  };
  process.once('exit', remove);
  for (const end of ends) process.once(end, endNow);
  try {
    for (const machine of all) run('ip', 'netns', 'add', machineName(machine));
    if (switchSeed === undefined) {
      run('ip', 'netns', 'add', hub);
      buildBridge(hub, name, all.map(machineName));
    } else
      latencySwitch = await startLatencySwitch(switchSeed, [
        { namespace: '/proc/self/ns/net', device: name },
        ...all.map((machine) => ({ namespace: join(netnsFolder, machineName(machine)), device: machineDevice })),
      ]);
    run('ip', 'addr', 'add', `${address}/16`, 'dev', name);
    run('ip', 'link', 'set', name, 'up');
    for (const machine of all) {
      const space = machineName(machine);
      run('ip', '-n', space, 'addr', 'add', `${addressOf(machine)}/16`, 'dev', machineDevice);
      run('ip', '-n', space, 'link', 'set', 'lo', 'up');
      run('ip', '-n', space, 'link', 'set', machineDevice, 'up');
    }
  } catch (cause) {
    remove();
    throw cause;
  }

  let lossPercent = 0;
  let groups: readonly (readonly number[])[] = [all];
  const apply = (): void => {
    for (const machine of all) {
      const heard = groups.filter((group) => group.includes(machine)).flat();
      const blocked = all.filter((other) => other !== machine && !heard.includes(other)).map(addressOf);
      run('ip', 'netns', 'exec', machineName(machine), 'nft', '-f', '-', {
        input: rules({ lossPercent, blocked, exempt: address }),
      });
    }
  };
  return {
    address,
    addressOf,
    at: (machine) => ['ip', 'netns', 'exec', machineName(machine)],
    setLoss: (percent) => {
      lossPercent = percent;
      apply();
    },
    partition: (separate) => {
      groups = separate;
      apply();
    },
    heal: () => {
      groups = [all];
      apply();
    },
    latencySwitch,
    remove,
  };
}

/** A bridge in a namespace of its own, with a cable to each machine and one, by the lab's name, to here. */
function buildBridge(hub: string, name: string, machineNames: readonly string[]): void {
  run('ip', '-n', hub, 'link', 'add', 'hub', 'type', 'bridge');
  run('ip', '-n', hub, 'link', 'set', 'hub', 'up');
  const plug = (port: string): void => {
    run('ip', '-n', hub, 'link', 'set', port, 'master', 'hub');
    run('ip', '-n', hub, 'link', 'set', port, 'up');
  };
  run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'root', 'netns', hub);
  plug('root');
  for (const [index, machine] of machineNames.entries()) {
    run('ip', '-n', hub, 'link', 'add', `m${index}`, 'type', 'veth', 'peer', 'name', machineDevice, 'netns', machine);
    plug(`m${index}`);
  }
}

interface Rules {
  readonly lossPercent: number;
  readonly blocked: readonly string[];
  readonly exempt: string;
}

/** What comes in is lost or blocked; on the way out everything is well, so each packet is judged once. */
const rules = ({ lossPercent, blocked, exempt }: Rules): string => `
table inet lab
delete table inet lab
table inet lab {
  chain incoming {
    type filter hook input priority -300;
    iifname "lo" accept
    ip saddr ${exempt} accept
    ${blocked.length === 0 ? '' : `ip saddr { ${blocked.join(', ')} } drop`}
    ${lossPercent === 0 ? '' : `numgen random mod 1000 < ${Math.round(lossPercent * 10)} drop`}
  }
}
`;

/** What a lab has left behind whose process was killed. */
function removeLeftOver(): void {
  for (const name of namespaces()) {
    const owner = Number(new RegExp(`^${namePrefix}(\\d+)-`).exec(name)?.[1] ?? process.pid);
    try {
      process.kill(owner, 0);
    } catch {
      removeNamespace(name);
    }
  }
}

/** With whatever still runs in it. */
function removeNamespace(name: string): void {
  if (!namespaces().includes(name)) return;
  const inside = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  for (const pid of inside) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
  spawnSync('ip', ['netns', 'delete', name]);
}

function namespaces(): readonly string[] {
  try {
    return readdirSync(netnsFolder);
  } catch {
    return []; // Nobody has made one yet.
  }
}

function run(program: string, ...words: readonly (string | { readonly input: string })[]): void {
  const last = words.at(-1);
  const input = typeof last === 'object' ? last.input : '';
  const { status, stderr, error } = spawnSync(
    program,
    words.filter((word) => typeof word === 'string'),
    { encoding: 'utf8', input },
  );
  if (status !== 0) throw new Error(`${program} ${words[0] as string} …: ${error?.message ?? stderr.trim()}`);
}

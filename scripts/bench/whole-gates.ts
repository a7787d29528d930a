// Gates as processes, enrolled at a cloud as a customer does it: what one costs that waits with every kind of reader, beside one that has
// none; and how soon after its start, or after it was killed, the next visitor is let in.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hexToBytes } from '@postern/shared';
import { journalPath } from '../../gate-agent/src/event-folder.ts';
import { createBluetooth, missingBluetooth } from '../lib/bluetooth.ts';
import { firstReason, missingPrograms } from '../lib/missing.ts';
import { createNetworkLab, missingNetworkLab } from '../lib/network-lab.ts';
import { createPcscd, missingPcsc } from '../lib/pcscd.ts';
import { frameToPgm, renderEmptyFrame } from '../lib/render-code-frame.ts';
import { median } from '../lib/statistics.ts';
import { startVenue, type Venue, type VenueGate } from '../lib/venue.ts';
import { benchFolder } from './gate-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';
import { untilAll, watchMarks } from './watch-marks.ts';

const settleMs = 8_000;
/** Linux counts a process's time in these. */
const ticksPerSecond = 100;
const sceneFrames = 8;

export const benchWholeGates: Bench = async ({ quick }) => {
  const missing = firstReason(
    missingNetworkLab(),
    missingPcsc(),
    missingBluetooth(),
    missingPrograms('ffmpeg', 'mkfifo'),
  );
  if (missing !== undefined) {
    console.log(`   whole gates not run: ${missing}`);
    return [];
  }
  const starts = quick ? 2 : 5;
  const folder = benchFolder();
  const pcscd = await createPcscd();
  const bluetooth = await createBluetooth();
  const lab = await createNetworkLab({ machines: 3 });
  let venue: Venue | undefined;
  try {
    await pcscd.start();
    await bluetooth.plugIn();
    venue = await startVenue({
      lab,
      folder: folder.path,
      gates: 2,
      databaseUrls: [`sqlite:${join(folder.path, 'cloud.db')}`],
      masterKey: randomBytes(32).toString('hex'),
      tickets: 2 * starts + 2,
      lan: 'off',
    });
    const [idle, typed] = venue.gates;
    if (idle === undefined || typed === undefined) throw new Error('there are two gates');
    const scene = renderScene(folder.path);
    return [
      ...(await measureIdle(idle, { scene, adapter: bluetooth.adapterPath, forMs: quick ? 10_000 : 30_000 })),
      ...(await measureStarts(venue, typed, starts, join(folder.path, 'bare.db'))),
    ];
  } finally {
    await venue?.end();
    lab.remove();
    await pcscd.close();
    await bluetooth.close();
    folder.remove();
  }
};

function giveReaders({ folder }: VenueGate, readers: readonly string[]): void {
  const path = join(folder, 'gate.toml');
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/^readers = .*$/m, `readers = ${JSON.stringify(readers)}`);
  if (changed === text) throw new Error('there is a lane with readers');
  writeFileSync(path, changed);
}

/** A lane at which nothing happens, as a camera sees it: noise. */
function renderScene(parent: string): string {
  const folder = join(parent, 'scene');
  mkdirSync(folder);
  for (let seed = 1; seed <= sceneFrames; seed++)
    writeFileSync(join(folder, `${seed}.pgm`), frameToPgm(renderEmptyFrame(640, 480, 8, seed)));
  return folder;
}

/** What each reader adds, one kind alone and all together. */
async function measureIdle(
  gate: VenueGate,
  { scene, adapter, forMs }: { readonly scene: string; readonly adapter: string; readonly forMs: number },
): Promise<readonly BenchRow[]> {
  const pipe = join(scene, 'camera');
  execFileSync('mkfifo', [pipe]);
  const camera = `camera+pipe://${pipe}?width=640&height=480&fps=15`;
  const costOf = async (readers: readonly string[]): Promise<Cost> => {
    const film = readers.includes(camera) ? filmScene(scene, pipe) : undefined;
    try {
      return await costOfGate(gate, readers, forMs);
    } finally {
      film?.kill('SIGKILL');
    }
  };
  const others = ['pcsc://', 'hid://0c2e:0b61', 'stdin://'];
  const bluetooth = `ble://${adapter}`;
  const without = await costOf(['sim://']);
  const rows: BenchRow[] = [];
  for (const [name, readers] of [
    ['camera', [camera]],
    ['NFC, absent HID and typing readers', others],
    ['Bluetooth, nobody near', [bluetooth]],
    ['all of these', [camera, ...others, bluetooth]],
  ] as const) {
    const { percent, megabytes } = await costOf(readers);
    const beside = `idle gate with ${name}, beside sim:// alone`;
    rows.push(
      benchRow(`${beside}: share of one core`, percent, '%', { baseline: without.percent }),
      benchRow(`${beside}: memory, helper processes included`, megabytes, 'MB', { baseline: without.megabytes }),
    );
  }
  return rows;
}

interface Cost {
  readonly percent: number;
  readonly megabytes: number;
}

/** In the camera's place: frames into the pipe at its speed, for as long as somebody reads. */
const filmScene = (scene: string, pipe: string): ChildProcess =>
  spawn(
    'ffmpeg',
    ['-nostdin', '-loglevel', 'error', '-re', '-loop', '1', '-framerate', '15', '-i', join(scene, '%d.pgm')].concat([
      '-f',
      'rawvideo',
      '-pix_fmt',
      'gray',
      '-y',
      pipe,
    ]),
    { stdio: 'ignore' },
  );

async function costOfGate(gate: VenueGate, readers: readonly string[], forMs: number): Promise<Cost> {
  giveReaders(gate, readers);
  await gate.start();
  await rest(settleMs);
  const pid = gate.pid();
  const [beforeTicks, beforeMs] = [ticksOf(pid), performance.now()];
  await rest(forMs);
  const seconds = (performance.now() - beforeMs) / 1_000;
  const cost = {
    percent: (100 * (ticksOf(pid) - beforeTicks)) / ticksPerSecond / seconds,
    megabytes: familyOf(pid).reduce((sum, member) => sum + proportionalMegabytes(member), 0),
  };
  await gate.kill('SIGTERM');
  return cost;
}

/** What it and its helpers have used, those that have ended included. */
const ticksOf = (pid: number): number =>
  familyOf(pid).reduce(
    (sum, member) =>
      sum +
      statOf(member)
        .slice(11, 15)
        .reduce((ticks, field) => ticks + Number(field), 0),
    0,
  );

/** A page that several have counts as its share to each. */
const proportionalMegabytes = (pid: number): number =>
  Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1_000;

/** The fields behind the program's name (proc(5)): the parent is the second, times are the twelfth to fifteenth. */
function statOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return []; // It has ended meanwhile.
  }
}

function familyOf(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .map(Number)
    .filter((other) => Number.isInteger(other) && Number(statOf(other)[1]) === pid);
  return [pid, ...children.flatMap(familyOf)];
}

async function measureStarts(
  { tickets, event }: Venue,
  gate: VenueGate,
  starts: number,
  barePath: string,
): Promise<readonly BenchRow[]> {
  const waiting = [...tickets];
  /** The next visitor's code lies there before the gate does: from `fromMs` to its being used, durably. */
  const admitNext = async (fromMs: number): Promise<number> => {
    const ticket = waiting.shift();
    if (ticket === undefined) throw new Error('there are tickets');
    const started = gate.start();
    gate.scan(ticket);
    const watch = watchMarks(journalPath(gate.folder, event));
    const atMs = await untilAll([watch], hexToBytes(ticket.id) ?? new Uint8Array());
    watch.close();
    await started;
    return (atMs - fromMs) / 1_000;
  };
  // The first start takes the ticket list, and makes the journal.
  await gate.start();
  await untilFed(gate);
  const samples: { readonly start: number[]; readonly kill: number[]; readonly bare: number[] } = {
    start: [],
    kill: [],
    bare: [],
  };
  for (let start = 0; start < starts; start++) {
    await gate.kill('SIGTERM');
    samples.start.push(await admitNext(performance.now()));
    const killedMs = performance.now();
    await gate.kill('SIGKILL');
    samples.kill.push(await admitNext(killedMs));
    samples.bare.push(await startBare(barePath));
  }
  await gate.kill('SIGTERM');
  const baseline = median(samples.bare);
  return [
    benchRow(
      `process start to first admission, ${tickets.length} tickets, beside a bare start with one durable row`,
      median(samples.start),
      's',
      { baseline },
    ),
    benchRow(
      'kill -9 to the next admission, started again at once, beside that bare start',
      median(samples.kill),
      's',
      {
        baseline,
      },
    ),
  ];
}

async function untilFed(gate: VenueGate): Promise<void> {
  for (;;) {
    const { feed } = await gate.json<{ readonly feed?: unknown }>('/health');
    if (feed !== undefined && feed !== null) return;
    await rest(200);
  }
}

async function startBare(path: string): Promise<number> {
  const fromMs = performance.now();
  const program = fileURLToPath(new URL('./bare-start.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const seconds = (performance.now() - fromMs) / 1_000;
  await once(child, 'exit');
  return seconds;
}

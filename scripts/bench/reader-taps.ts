// From a tag at the reader to the decision, through the real pcscd with virtual tags, beside the same commands sent by nfc-pcsc alone;
// and how soon after a restart of pcscd the next tag is read.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bytesToHex, nfcMethod, type Ticket } from '@postern/shared';
import { createStewardActuator } from '../../gate-agent/src/actuators/none.ts';
import { pcscSocketPath } from '../../gate-agent/src/config.ts';
import { createNfcService, type NfcService } from '../../gate-agent/src/readers/nfc-service.ts';
import { createNfcReader, type NfcReader } from '../../gate-agent/src/readers/nfc.ts';
import { feedEvent, feedKeys, feedStartMs, generatedTicket } from '../lib/build-feed.ts';
import { createPcscd, missingPcsc, virtualReaders, type VirtualPcscd } from '../lib/pcscd.ts';
import { median, quantile } from '../lib/statistics.ts';
import { hex, ntag215, type VirtualTag } from '../lib/virtual-tags.ts';
import { benchFolder, silentLogger } from './gate-rig.ts';
import { benchClock, benchTimer, createLaneBench, type LaneBench } from './lane-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const [readerName] = virtualReaders;
/** Of each kind of tag, ours and the floor in turn, so that both meet the same neighbours. */
const rounds = 4;
const warmUpTaps = 5;
/** More than anybody taps here: each visitor has one. */
const tickets = 2_000;
/** How long pcscd is away. */
const awayMs = 1_000;

const kinds = ['UID of a bound band', 'pass of its own'] as const;
type Kind = (typeof kinds)[number];

interface Tapped {
  readonly ms: number;
  readonly commands: readonly Uint8Array[];
}

export const benchTaps: Bench = async ({ quick }) => {
  const missing = missingPcsc();
  if (missing !== undefined) {
    console.log(`   taps not run: ${missing}`);
    return [];
  }
  const taps = quick ? 3 : 10;
  const restarts = quick ? 2 : 5;
  const folder = benchFolder();
  const pcscd = await createPcscd();
  let bench: LaneBench | undefined;
  try {
    await pcscd.start();
    bench = await createLaneBench(join(folder.path, 'gate'), tickets, createStewardActuator());
    const visitors = createVisitors(bench);
    const rows: BenchRow[] = [];
    for (const kind of kinds) rows.push(...(await measureKind(kind, taps, { pcscd, bench, visitors })));
    return [...rows, await measureRestarts(restarts, { pcscd, bench, visitors })];
  } finally {
    await bench?.close();
    await pcscd.close();
    folder.remove();
  }
};

interface TapDeps {
  readonly pcscd: VirtualPcscd;
  readonly bench: LaneBench;
  readonly visitors: (kind: Kind) => Promise<VirtualTag>;
}

/** Each tag is another ticket's. */
function createVisitors(bench: LaneBench): (kind: Kind) => Promise<VirtualTag> {
  let index = 0;
  return async (kind) => {
    const { ticket } = generatedTicket(index++);
    const uid = `04${index.toString(16).padStart(12, '0')}`;
    if (kind === 'pass of its own') return ntag215({ uid, ndef: await passFor(ticket, uid) });
    await bench.bind(hex(uid), ticket.id);
    return ntag215({ uid });
  };
}

async function passFor(ticket: Ticket, uid: string): Promise<Uint8Array> {
  const request = { event: feedEvent, ticket, options: { uid }, nowMs: feedStartMs };
  const made = await nfcMethod.generate(request, feedKeys('issuer'));
  if (!made.ok || made.value.toWrite === undefined) throw new Error('a pass for a tag');
  return made.value.toWrite;
}

async function measureKind(kind: Kind, taps: number, deps: TapDeps): Promise<readonly BenchRow[]> {
  const samples: { readonly ours: number[]; readonly floor: number[] } = { ours: [], floor: [] };
  let commands: readonly Uint8Array[] = [];
  for (let round = 0; round < rounds; round++) {
    const gate = attachReader(deps.bench);
    // The first tap waits for the reader's process.
    for (let tap = round === 0 ? -warmUpTaps : -1; tap < taps - 1; tap++) {
      const tapped = await tapOurs(kind, deps);
      if (tap >= 0) samples.ours.push(tapped.ms);
      ({ commands } = tapped);
    }
    await gate.detach();
    const floor = await startBare();
    for (let tap = -1; tap < taps - 1; tap++) {
      floor.child.send(commands);
      const ms = await tapFloor(await deps.visitors(kind), floor, deps.pcscd);
      if (tap >= 0) samples.floor.push(ms);
    }
    await floor.end();
  }
  return ([0.5, 0.99] as const).map((share) =>
    benchRow(
      `NFC tap to decision, ${kind}, p${share * 100}, beside the same ${commands.length} commands by nfc-pcsc alone`,
      quantile(samples.ours, share),
      'ms',
      { baseline: quantile(samples.floor, share) },
    ),
  );
}

/** pcscd looks for tags every 400 ms, and the first look is not ours: the time counts from when it has noticed the tag. */
function watchTag(tag: VirtualTag): {
  readonly tag: VirtualTag;
  readonly noticedMs: () => number;
  readonly commands: readonly Uint8Array[];
} {
  let noticedMs: number | undefined;
  const commands: Uint8Array[] = [];
  return {
    noticedMs: () => noticedMs ?? Number.NaN,
    commands,
    tag: {
      get atr() {
        noticedMs ??= benchClock.monotonicMs();
        return tag.atr;
      },
      answer: (command) => {
        commands.push(Uint8Array.from(command));
        return tag.answer(command);
      },
    },
  };
}

async function tapOurs(kind: Kind, { pcscd, bench, visitors }: TapDeps): Promise<Tapped> {
  const watched = watchTag(await visitors(kind));
  const decided = bench.nextDecision();
  const tapped = await pcscd.tap(watched.tag);
  const { decision, atMs } = await decided;
  if (decision.kind !== 'admit') throw new Error(`a tag was not let in: ${JSON.stringify(decision)}`);
  await tapped.remove();
  return { ms: atMs - watched.noticedMs(), commands: watched.commands };
}

async function tapFloor(tag: VirtualTag, bare: BareClient, pcscd: VirtualPcscd): Promise<number> {
  const watched = watchTag(tag);
  const read = bare.nextRead();
  const tapped = await pcscd.tap(watched.tag);
  const atMs = await read;
  await tapped.remove();
  return atMs - watched.noticedMs();
}

function attachReader(bench: LaneBench): { readonly detach: () => Promise<void> } {
  const service: NfcService = createNfcService({ socketPath: pcscSocketPath(), timer: benchTimer });
  const reader: NfcReader = createNfcReader({
    id: 'bench',
    clock: benchClock,
    logger: silentLogger,
    timer: benchTimer,
    wanted: readerName,
    service,
  });
  const stop = bench.attach(reader);
  return {
    detach: async () => {
      await stop();
      service.close();
    },
  };
}

interface BareClient {
  readonly child: ChildProcess;
  readonly nextRead: () => Promise<number>;
  readonly end: () => Promise<void>;
}

async function startBare(): Promise<BareClient> {
  const child = fork(fileURLToPath(new URL('./bare-nfc.ts', import.meta.url)), [readerName], {
    execArgv: ['--conditions=source', '--import', 'tsx'],
    serialization: 'advanced',
  });
  await once(child, 'message');
  return {
    child,
    nextRead: async () => {
      const [{ atMs }] = (await once(child, 'message')) as [{ readonly atMs: number }];
      return atMs;
    },
    end: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** From pcscd's answering again to the decision on a tag that has been held to the reader at that moment. */
async function measureRestarts(restarts: number, deps: TapDeps): Promise<BenchRow> {
  const { pcscd, bench, visitors } = deps;
  const samples: { readonly ours: number[]; readonly floor: number[] } = { ours: [], floor: [] };
  for (let restart = 0; restart < restarts; restart++) {
    // A reader that has failed a moment ago waits longer: each restart is the first of one.
    const gate = attachReader(bench);
    await tapOurs('UID of a bound band', deps);
    await pcscd.kill();
    await rest(awayMs);
    await pcscd.start();
    const backMs = benchClock.monotonicMs();
    const decided = bench.nextDecision();
    const tapped = await pcscd.tap(await visitors('UID of a bound band'));
    samples.ours.push((await decided).atMs - backMs);
    await tapped.remove();
    await gate.detach();
  }
  for (let restart = 0; restart < restarts; restart++) {
    await pcscd.kill();
    await pcscd.start();
    const backMs = benchClock.monotonicMs();
    const tapped = await pcscd.tap(ntag215({ uid: bytesToHex(new Uint8Array(7)) }));
    const bare = await startBare();
    samples.floor.push((await bare.nextRead()) - backMs);
    await tapped.remove();
    await bare.end();
  }
  return benchRow(
    `pcscd back after ${awayMs / 1_000} s to the decision on a waiting tag, beside a bare nfc-pcsc process started then`,
    median(samples.ours) / 1_000,
    's',
    { baseline: median(samples.floor) / 1_000 },
  );
}

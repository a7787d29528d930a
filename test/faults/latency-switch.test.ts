// Goal: on a lab's latency switch packets are as late, doubled and out of order as was asked for, the same of them for the same seed; none
// is lost while there is room; and nothing of the switch outlives who started it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { missingLatencySwitch, noLatency, type Latency } from '../../scripts/lib/latency-switch.ts';
import { createNetworkLab, missingNetworkLab, type NetworkLab } from '../../scripts/lib/network-lab.ts';
import { waitUntil } from '../support/demo-process.ts';
import { describeOrReport, firstReason } from '../support/not-run.ts';

const peer = fileURLToPath(new URL('./datagram-peer.ts', import.meta.url));
const labModule = fileURLToPath(new URL('../../scripts/lib/network-lab.ts', import.meta.url));
const port = 9_000;
const group = '239.1.2.3';
const happensMsMax = 60_000;
const framesMax = 16_384;
const slow: Latency = { delayMs: { least: 20, most: 60 }, duplicatesPercent: 5, overtakingPercent: 10 };

interface Heard {
  readonly number: number;
  readonly tookMs: number;
}

describeOrReport('the latency switch', firstReason(missingNetworkLab(), missingLatencySwitch()), () => {
  const children: ChildProcess[] = [];
  let lab: NetworkLab | undefined;
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    lab?.remove();
  });

  const createLab = async (switchSeed: number, latency = noLatency): Promise<NetworkLab> => {
    lab?.remove();
    lab = await createNetworkLab({ machines: 3, switchSeed });
    await lab.latencySwitch?.setLatency(latency);
    return lab;
  };
  const countsOf = async ({ latencySwitch }: NetworkLab) => {
    if (latencySwitch === undefined) throw new Error('the lab was made with one');
    return latencySwitch.counts();
  };
  const run = (before: readonly string[], ...words: readonly string[]): ChildProcess => {
    const fromSource = [process.execPath, '--conditions=source', '--import', import.meta.resolve('tsx')];
    const [program = '', ...rest] = [...before, ...fromSource, ...words];
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };
  /** Grows by what the machine hears. */
  const hear = async (at: NetworkLab, machine: number, ...groups: readonly string[]): Promise<readonly Heard[]> => {
    const heard: Heard[] = [];
    const lines = createInterface({
      input: run(at.at(machine), peer, 'hear', String(port), ...groups).stdout ?? process.stdin,
    });
    await once(lines, 'line', { signal: AbortSignal.timeout(happensMsMax) });
    lines.on('line', (line) => heard.push(JSON.parse(line) as Heard));
    return heard;
  };
  const send = async (from: NetworkLab, to: string, count: number, pauseMs = 1): Promise<void> => {
    await once(run(from.at(0), peer, 'send', to, String(port), String(count), String(pauseMs)), 'exit');
  };
  /** What machine 1 hears of 400 datagrams of machine 0, once nothing is under way. */
  const tryLink = async (on: NetworkLab): Promise<readonly Heard[]> => {
    const count = 400;
    const heard = await hear(on, 1);
    await send(on, on.addressOf(1), count);
    const isComplete = async (): Promise<boolean> =>
      heard.length >= count + (await countsOf(on)).duplicated && (await countsOf(on)).waiting === 0;
    expect(await waitUntil(isComplete, happensMsMax)).toBe(true);
    expect(new Set(heard.map(({ number }) => number)).size).toBe(count);
    return heard;
  };
  const doubled = (heard: readonly Heard[]): ReadonlySet<number> =>
    new Set(
      heard
        .filter(({ number }, index) => heard.findIndex((other) => other.number === number) < index)
        .map(({ number }) => number),
    );

  test('every packet takes its time; of all that are sent some come twice and some early, and none is lost', async () => {
    const slowLab = await createLab(1, slow);
    const heard = await tryLink(slowLab);
    expect(Math.min(...heard.map(({ tookMs }) => tookMs))).toBeGreaterThanOrEqual(slow.delayMs.least);
    expect(Math.max(...heard.map(({ tookMs }) => tookMs))).toBeGreaterThan(slow.delayMs.most / 2);
    // 20 of 400 are to be expected.
    expect(doubled(heard).size).toBeGreaterThan(5);
    expect(doubled(heard).size).toBeLessThan(50);
    const firsts = heard.filter(({ number }, index) => heard.findIndex((other) => other.number === number) === index);
    const late = firsts.filter(({ number }, index) => firsts.slice(0, index).some((other) => other.number > number));
    expect(late.length).toBeGreaterThan(5);
    expect(await countsOf(slowLab)).toMatchObject({ duplicated: doubled(heard).size, dropped: 0 });
  });

  test('with no latency set, a packet is there sooner than the shortest way would let it', async () => {
    const heard = await tryLink(await createLab(1));
    expect(Math.min(...heard.map(({ tookMs }) => tookMs))).toBeLessThan(slow.delayMs.least);
    expect(heard.map(({ number }) => number)).toEqual(heard.map((_, index) => index));
  });

  test('the same seed doubles the same packets, another seed others', async () => {
    const first = doubled(await tryLink(await createLab(7, slow)));
    expect(doubled(await tryLink(await createLab(7, slow)))).toEqual(first);
    expect(doubled(await tryLink(await createLab(8, slow)))).not.toEqual(first);
  });

  test('multicast reaches every machine', async () => {
    const slowLab = await createLab(1, { ...slow, duplicatesPercent: 0 });
    const all = [await hear(slowLab, 1, group), await hear(slowLab, 2, group)];
    await send(slowLab, group, 20);
    expect(await waitUntil(() => all.every((heard) => heard.length === 20), happensMsMax)).toBe(true);
    for (const { tookMs } of all.flat()) expect(tookMs).toBeGreaterThanOrEqual(slow.delayMs.least);
  });

  test('what it has no room for is lost and counted', async () => {
    const long = { least: 600_000, most: 600_000 };
    const fullLab = await createLab(1, { delayMs: long, duplicatesPercent: 100, overtakingPercent: 0 });
    await send(fullLab, fullLab.addressOf(1), framesMax, 0);
    const isFull = async (): Promise<boolean> => (await countsOf(fullLab)).dropped > 0;
    expect(await waitUntil(isFull, happensMsMax)).toBe(true);
    expect(await countsOf(fullLab)).toMatchObject({ waiting: framesMax, waitingMost: framesMax });
  });

  test('killed, whoever started it takes the switch along, and the next lab what else was left', async () => {
    const starts = `import { createNetworkLab } from ${JSON.stringify(labModule)};
      await createNetworkLab({ machines: 2, switchSeed: 1 });
      console.log('made');
      setInterval(() => undefined, 1_000);`;
    const owner = run([], '--input-type=module', '--eval', starts);
    await once(createInterface({ input: owner.stdout ?? process.stdin }), 'line', {
      signal: AbortSignal.timeout(happensMsMax),
    });
    const device = `/sys/class/net/pstrn${owner.pid}`;
    expect(existsSync(device)).toBe(true);
    owner.kill('SIGKILL');
    expect(await waitUntil(() => !existsSync(device), happensMsMax)).toBe(true);
    await createLab(1);
    expect(readdirSync('/run/netns').filter((name) => name.startsWith(`pstrn${owner.pid}-`))).toEqual([]);
  });
});

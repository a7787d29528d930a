// What goes wrong in a simulated world, and when: drawn from the seed, over the day until it stops.
import { afterPowerCut, type DiskImage } from './disk.ts';
import { durableMarks, type Device } from './device.ts';
import type { CloudProcess } from './cloud-process.ts';
import { cloudAddress, type World } from './world.ts';

export interface FaultsDeps {
  readonly world: World;
  readonly cloud: CloudProcess;
  readonly devices: () => readonly Device[];
  /** Starts a second device out of an image of a first one. */
  readonly clone: (of: Device, image: DiskImage) => Promise<void>;
  readonly durationMs: number;
  /** On average between two faults. */
  readonly gapMs: number;
}

const second = 1_000;
const hour = 3_600 * second;
const watchdogMs = { least: 100, most: 1_500 };
const offMsMax = 30 * second;
const cutMsMax = 60 * second;
const daysOff = 3;
/** Gates that must be left when others are revoked. */
const gatesLeftMin = 2;

/** Puts every fault of the day into the queue. */
export function scheduleFaults({ world, cloud, devices, clone, durationMs, gapMs }: FaultsDeps): void {
  const { queue, random, network, feed, referee, trace } = world;
  const images = new Map<string, DiskImage>();
  let cloned = false;
  let revoked = false;

  const running = (): readonly Device[] => devices().filter((device) => device.process() !== undefined);
  const anyOf = <T>(items: readonly T[]): T | undefined => items[random.below(items.length)];
  const restartLater = (device: Device): void => {
    // A watchdog is quick: others may not even have noticed.
    const offMs = random.chance(40)
      ? watchdogMs.least + random.below(watchdogMs.most)
      : second + random.below(offMsMax);
    queue.after(offMs, () => {
      if (device.process() === undefined) run('a restart', device.start());
    });
  };
  const run = (what: string, work: Promise<void>): void =>
    void work.catch((cause: unknown) => referee.broke(what, cause));

  const stop = (how: 'power' | 'kill') => (): void => {
    const device = anyOf(running());
    if (device === undefined) return;
    device.stop(how);
    restartLater(device);
  };

  const takeImage = (): void => {
    const device = anyOf(running());
    if (device === undefined) return;
    trace.note('image', device.address);
    images.set(device.address, afterPowerCut(device.disk(), 0));
  };

  const restoreImage = (): void => {
    const device = anyOf(running().filter(({ address }) => images.has(address)));
    const image = device === undefined ? undefined : images.get(device.address);
    if (device === undefined || image === undefined) return;
    device.stop('power');
    const before = durableMarks(device.disk());
    device.restore(image);
    // What nobody else has on a disk is gone for good, whatever any software does.
    const kept = [cloud.disk, ...devices().map((other) => other.disk())].map(durableMarks);
    referee.excuse([...before].filter((key) => kept.every((keys) => !keys.has(key))));
    restartLater(device);
  };

  const cloneDevice = (): void => {
    const device = anyOf(running());
    if (device === undefined || cloned) return;
    cloned = true;
    trace.note('clone', device.address);
    run('a clone', clone(device, afterPowerCut(device.disk(), 0)));
  };

  const jumpClock = (): void => {
    const device = anyOf(devices());
    const ms = random.chance(20) ? daysOff * 24 * hour : random.below(2 * hour) - hour;
    trace.note('jump', device?.address ?? '', ms);
    device?.clock.jump(ms);
  };

  const cutFor = (
    how: 'cut-one-way' | 'cut-link' | 'partition',
    pairs: readonly (readonly [string, string])[],
  ): void => {
    trace.note(how, ...pairs.map(([from, to]) => `${from}>${to}`));
    for (const [from, to] of pairs) network.cut(from, to);
    queue.after(5 * second + random.below(cutMsMax), () => {
      trace.note('mend', ...pairs.map(([from, to]) => `${from}>${to}`));
      for (const [from, to] of pairs) network.mend(from, to);
    });
  };
  const addresses = (): readonly string[] =>
    random.shuffled([cloudAddress, ...devices().map(({ address }) => address)]);
  const cutOneWay = (): void => {
    const [from = cloudAddress, to = cloudAddress] = addresses();
    cutFor('cut-one-way', [[from, to]]);
  };
  const cutLink = (): void => {
    const [from = cloudAddress, to = cloudAddress] = addresses();
    cutFor('cut-link', [
      [from, to],
      [to, from],
    ]);
  };
  const partition = (): void => {
    const all = addresses();
    const size = 1 + random.below(all.length - 1);
    const [here, there] = [all.slice(0, size), all.slice(size)];
    cutFor(
      'partition',
      here.flatMap((a) => there.flatMap((b) => [[a, b] as const, [b, a] as const])),
    );
  };
  const cloudAway = (): void => {
    trace.note('cloud-away');
    cloud.away();
    queue.after(second + random.below(cutMsMax), () => {
      trace.note('cloud-back');
      cloud.back();
    });
  };

  const rotateFeedKey = (): void => {
    trace.note('rotate-feed-key');
    feed.rotateFeedKey();
  };
  const rotateIssuerKey = (): void => {
    trace.note('rotate-issuer-key');
    feed.rotateIssuerKey(random.chance(50) ? 'retired' : 'revoked');
  };
  const revokeGate = (): void => {
    const gates = world.enrolledGates.filter((gate) => !feed.isRevoked(gate));
    const gate = anyOf(gates);
    if (gate === undefined || revoked || gates.length <= gatesLeftMin) return;
    revoked = true;
    trace.note('revoke', gate);
    run('a revocation', cloud.revoke(gate));
  };

  const often = [
    stop('power'),
    stop('power'),
    stop('kill'),
    takeImage,
    jumpClock,
    cutOneWay,
    cutLink,
    partition,
    partition,
  ];
  const seldom = [restoreImage, cloneDevice, cloudAway, rotateFeedKey, rotateIssuerKey, revokeGate];
  const next = (): void => {
    queue.after(random.below(2 * gapMs), () => {
      if (queue.nowMs() >= durationMs) return;
      anyOf(random.chance(75) ? often : seldom)?.();
      next();
    });
  };
  next();
}

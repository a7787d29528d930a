// A device of a gate: a disk, a clock and at most one process. It is what gets switched off, restored from an old image and cloned.
import { markKey, type Ticket } from '@postern/shared';
import type { SavedClock } from '../../gate-agent/src/clock-trust.ts';
import { afterPowerCut, createDisk, imageOf, type Disk, type DiskImage } from './disk.ts';
import type { GateClock } from './gate-clock.ts';
import { startGateProcess, type GateProcess } from './gate-process.ts';
import { gateOf, type World } from './world.ts';

export interface Device {
  readonly address: string;
  readonly gate: string;
  readonly clock: GateClock;
  readonly disk: () => Disk;
  /** Undefined while it is off. */
  readonly process: () => GateProcess | undefined;
  readonly start: () => Promise<void>;
  /** `power`: most of what was not synced is gone. `kill`: only the process is. */
  readonly stop: (how: 'power' | 'kill') => void;
  /** Puts an image in the place of the disk of a device that is off. */
  readonly restore: (image: DiskImage) => void;
}

export interface DeviceDeps {
  readonly world: World;
  readonly address: string;
  readonly clock: GateClock;
  readonly image: DiskImage;
  readonly newBoot: (gate: string) => string;
  readonly tickets: ReadonlyMap<string, Ticket>;
  readonly peers: () => readonly string[];
}

/** Of what was not synced a power cut keeps at most so much, in percent. */
const keptPercentMax = 20;

export function createDevice({ world, address, clock, image, newBoot, tickets, peers }: DeviceDeps): Device {
  const gate = gateOf(address);
  const { random, referee, trace, seams } = world;
  const diskOptions = { syncsJournal: seams.syncsJournal };
  let disk = createDisk(image, diskOptions);
  let process: GateProcess | undefined;
  let machineStarts = 1;
  let savedClock: SavedClock | undefined;

  return {
    address,
    gate,
    clock,
    disk: () => disk,
    process: () => process,
    start: async () => {
      const boot = newBoot(gate);
      trace.note('start', address, boot);
      process = await startGateProcess({
        world,
        address,
        gate,
        boot,
        disk,
        clock,
        machineBoot: `${address} ${machineStarts}`,
        savedClock,
        ticket: (id) => tickets.get(id),
        peers: () => peers().filter((peer) => peer !== address),
      });
      referee.feedTaken(address, process.feed.manifest()?.version ?? 0);
    },
    stop: (how) => {
      savedClock = process?.savedClock() ?? savedClock;
      // A machine that starts anew counts its time anew: of what was saved, only the floor is worth anything.
      if (how === 'power') machineStarts += 1;
      process?.kill();
      process = undefined;
      trace.note(how === 'power' ? 'power-cut' : 'kill', address);
      const before = disk;
      disk = createDisk(
        how === 'kill' ? imageOf(disk) : afterPowerCut(disk, random.below(keptPercentMax + 1) / 100),
        diskOptions,
      );
      const lost = before.journal.length() + before.replica.length() - disk.journal.length() - disk.replica.length();
      if (lost > 0) trace.note('unsynced-lost', address, lost);
      referee.stopped(address, disk.journal.all().flat());
    },
    restore: (from) => {
      trace.note('restore', address);
      disk = createDisk(from, diskOptions);
      referee.diskReplaced(address);
    },
  };
}

/** Keys of the marks that a power cut would leave on this disk. */
export function durableMarks({ journal, replica }: Pick<Disk, 'journal' | 'replica'>): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const transaction of replica.durable()) {
    if (transaction.type === 'append') for (const { mark } of transaction.acceptance.marks) keys.add(markKey(mark));
    if (transaction.type !== 'cut') continue;
    const { before, marks } = transaction.cut;
    for (let sequence = marks.from; sequence <= marks.to; sequence++) keys.delete(markKey({ ...before, sequence }));
  }
  for (const { mark } of journal.durable().flat()) keys.add(markKey(mark));
  return keys;
}

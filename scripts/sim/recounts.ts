// Recounts of a simulated day: in many worlds somebody counts the people in the hall now and then, at one gate, or at two at once that
// come to different numbers.
import type { GateProcess } from './gate-process.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { World } from './world.ts';

export interface RecountsDeps {
  readonly world: World;
  /** Apart from that of the world: who counts, and when, changes no other choice. */
  readonly random: SeededRandom;
  readonly durationMs: number;
  readonly open: () => readonly GateProcess[];
  readonly isFull: () => boolean;
}

const countingPercent = 60;
/** Of a day. */
const recounts = 6;
const atOncePercent = 40;
const personsMax = 400;

export function scheduleRecounts({ world, random, durationMs, open, isFull }: RecountsDeps): void {
  const { queue, referee } = world;
  if (!random.chance(countingPercent)) return;
  for (let index = 0; index < recounts; index++) {
    const atMs = random.below(durationMs);
    const counters = random.chance(atOncePercent) ? 2 : 1;
    for (let counter = 0; counter < counters; counter++) {
      const place = random.below(1_000);
      const persons = random.below(personsMax);
      queue.after(atMs, () => {
        const gates = open();
        const gate = gates[place % Math.max(1, gates.length)];
        if (gate === undefined || isFull()) return;
        void gate.recount(persons).catch((cause: unknown) => referee.broke('a recount', cause));
      });
    }
  }
}

// Rehearsals of a simulated day: in many worlds somebody lets a gate rehearse now and then, and somebody ends it, there or by the time.
import type { GateProcess } from './gate-process.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { World } from './world.ts';

export interface RehearsalsDeps {
  readonly world: World;
  /** Apart from that of the world, which goes on as if nobody rehearsed. */
  readonly random: SeededRandom;
  readonly durationMs: number;
  readonly open: () => readonly GateProcess[];
  readonly isFull: () => boolean;
}

const rehearsingPercent = 50;
/** Of a day. */
const rehearsals = 6;
const rehearsalShareMax = 0.2;
const forgottenPercent = 25;

export function scheduleRehearsals({ world, random, durationMs, open, isFull }: RehearsalsDeps): void {
  const { queue, referee } = world;
  if (!random.chance(rehearsingPercent)) return;
  const run = (work: Promise<unknown>): void =>
    void work.catch((cause: unknown) => referee.broke('a rehearsal', cause));
  for (let index = 0; index < rehearsals; index++) {
    const atMs = random.below(durationMs);
    const lastsMs = random.below(durationMs * rehearsalShareMax);
    const place = random.below(1_000);
    const isForgotten = random.chance(forgottenPercent);
    queue.after(atMs, () => {
      const gates = open();
      const gate = gates[place % Math.max(1, gates.length)];
      if (gate === undefined || isFull()) return;
      run(gate.beginRehearsal());
      if (!isForgotten) queue.after(lastsMs, () => run(leave(gate.address)));
    });
  }
  const leave = async (address: string): Promise<void> => {
    if (!isFull())
      await open()
        .find((gate) => gate.address === address)
        ?.leaveRehearsal();
  };
}

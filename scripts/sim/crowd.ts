// The visitors of a simulated day: most come once and honestly, a good part comes back, some share a copied code and show it at two gates
// within seconds, some turn around in the turnstile.
import type { Ticket } from '@postern/shared';
import { simulatedTicket } from './gate-marks.ts';
import type { GateProcess } from './gate-process.ts';
import type { Passes } from './passes.ts';
import type { World } from './world.ts';

export const ticketTypes = { single: 1, reentry: 2, group: 3 } as const;
const groupParty = 4;

/** In percent. */
const shares = { exit: 12, copied: 30, turnsAround: 4, goesOut: 25 } as const;
/** Between coming and going, for those who go out where exits are scanned. */
const staysMsMax = 120_000;
/** Between the two uses of a copied code. */
const copiedMsMax = 90_000;

/** One ticket of ten may come back, one is for a group, the others are good once. */
export function ticketOf(number: number): Ticket {
  const kind = number % 10 === 0 ? 'reentry' : number % 10 === 1 ? 'group' : 'single';
  return {
    id: simulatedTicket(number),
    type: ticketTypes[kind],
    epoch: 0,
    status: 'valid',
    party: kind === 'group' ? groupParty : 1,
  };
}

export interface CrowdDeps {
  readonly world: World;
  readonly passes: Passes;
  /** So many of the first ones are shown; the rest are for the staff to deny. */
  readonly tickets: number;
  readonly visits: number;
  readonly durationMs: number;
  /** Gates that are up just now. */
  readonly open: () => readonly GateProcess[];
  /** No more than this many marks. */
  readonly isFull: () => boolean;
}

/** Puts all visits of the day into the queue. Half of them come in its first third: doors open. */
export function inviteCrowd({ world, passes, tickets, visits, durationMs, open, isFull }: CrowdDeps): void {
  const { queue, random, referee } = world;
  const show = async (number: number, direction: 'entry' | 'exit'): Promise<void> => {
    const gates = open();
    const gate = gates[random.below(gates.length)];
    if (gate === undefined || isFull()) return;
    const committed = await gate.scan(passes.of(ticketOf(number)), direction);
    if (committed?.mark?.kind !== 'admitted') return;
    if (random.chance(shares.turnsAround)) await gate.giveBack(committed.mark);
    else if (random.chance(shares.goesOut)) queue.after(random.below(staysMsMax), () => visit(number, 'exit'));
  };
  const visit = (number: number, direction: 'entry' | 'exit'): void =>
    void show(number, direction).catch((cause: unknown) => referee.broke('a scan', cause));

  for (let index = 0; index < visits; index++) {
    const early = random.chance(50);
    const atMs = random.below(early ? durationMs / 3 : durationMs);
    const number = random.below(tickets);
    const direction = random.chance(shares.exit) ? 'exit' : 'entry';
    queue.after(atMs, () => visit(number, direction));
    if (direction === 'entry' && random.chance(shares.copied))
      queue.after(atMs + random.below(copiedMsMax), () => visit(number, 'entry'));
  }
}

// The staff of a simulated day: now and then somebody at a gate lets a person in, takes an entry back, denies a ticket (which is then tried
// everywhere), or two desks give out wristbands without knowing of each other; or the whole venue is closed for a moment, and opened
// from another gate.
import type { Order, Ticket } from '@postern/shared';
import { ticketOf } from './crowd.ts';
import type { GateProcess } from './gate-process.ts';
import type { Passes } from './passes.ts';
import type { World } from './world.ts';

export interface StaffDeps {
  readonly world: World;
  readonly passes: Passes;
  readonly tickets: number;
  /** The last so many tickets, which no visitor has shown before. */
  readonly unused: number;
  readonly durationMs: number;
  /** On average between two deeds. */
  readonly gapMs: number;
  readonly open: () => readonly GateProcess[];
  readonly isFull: () => boolean;
}

/** Somebody who is denied goes from gate to gate. */
const tries = { count: 3, withinMs: 100_000 } as const;
/** In percent: of the denied, who get a new pass in the end; of denials, those of tickets that nobody has used. */
const reissuedPercent = 50;
const unusedPercent = 75;
const bands = 6;
/** Of orders; and how long they hold at most, where whoever lifts them knows of them. */
const evacuationPercent = 30;
const orderMsMax = 60_000;
/** A watch, read and typed in. */
const watchOffMsMax = 45_000;

export function callStaff({ world, passes, tickets, unused, durationMs, gapMs, open, isFull }: StaffDeps): void {
  const { queue, random, referee } = world;
  const anyTicket = (): Ticket => ticketOf(random.below(tickets));
  const at = async (deed: (gate: GateProcess) => Promise<unknown>): Promise<void> => {
    const gates = open();
    const gate = gates[random.below(gates.length)];
    if (gate !== undefined && !isFull()) await deed(gate);
  };
  const run = (work: Promise<void>): void =>
    void work.catch((cause: unknown) => referee.broke("a steward's deed", cause));

  const override = (): Promise<void> => at((gate) => gate.override(passes.of(anyTicket())));
  const undo = (): Promise<void> => at((gate) => gate.undo());
  const deny = async (): Promise<void> => {
    const ticket = random.chance(unusedPercent)
      ? ticketOf(tickets - 1 - random.below(Math.max(1, unused)))
      : anyTicket();
    await at((gate) => gate.deny(passes.of(ticket)));
    for (let round = 0; round < tries.count; round++)
      queue.after(random.below(tries.withinMs), () => run(at((gate) => gate.scan(passes.of(ticket), 'entry'))));
    if (random.chance(reissuedPercent))
      queue.after(random.below(tries.withinMs), () =>
        run(at((gate) => gate.scan(passes.of(ticket, ticket.epoch + 1), 'entry'))),
      );
  };
  const confirmClock = (): Promise<void> =>
    at((gate) => gate.confirmClock(world.wallMs() + random.below(2 * watchOffMsMax) - watchOffMsMax));
  /** One band for two tickets, or two for one ticket of one person. */
  const bindTwice = async (): Promise<void> => {
    const [one, other] = [anyTicket(), anyTicket()];
    const [band, second] = [random.below(bands), random.below(bands)];
    const desks = random.chance(50)
      ? ([
          [one, band],
          [other, band],
        ] as const)
      : ([
          [one, band],
          [one, second],
        ] as const);
    await Promise.all(desks.map(([ticket, of]) => at((gate) => gate.bind(passes.of(ticket), of))));
  };
  const settleBand = (): Promise<void> =>
    at((gate) =>
      gate.bind(passes.of(anyTicket()), random.below(bands), random.chance(50) ? 'other-ticket' : 'lost-band'),
    );

  const closeVenue = async (): Promise<void> => {
    const order: Order = random.chance(evacuationPercent) ? 'evacuate' : 'stop-entry';
    await at((gate) => gate.order(order));
    queue.after(random.below(orderMsMax), () => run(at((gate) => gate.liftOrders())));
  };

  const deeds = [
    override,
    override,
    undo,
    undo,
    confirmClock,
    deny,
    deny,
    bindTwice,
    bindTwice,
    settleBand,
    closeVenue,
  ];
  const next = (): void =>
    void queue.after(random.below(2 * gapMs), () => {
      if (queue.nowMs() >= durationMs) return;
      run(deeds[random.below(deeds.length)]?.() ?? Promise.resolve());
      next();
    });
  next();
}

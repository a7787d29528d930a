// Random lives of a lane, and what must be true of every one of them. The same scenarios run on the store in memory and on real
// ones.
import {
  foldHistory,
  historyRules,
  markKey,
  type LaneState,
  type Mark,
  type Order,
  type OrderMark,
} from '@postern/shared';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { SimulatedPassage } from '../../gate-agent/src/actuators/simulated.ts';
import { policy, tickets, type Rig } from './lane-rig.ts';
import type { StoreFault } from './memory-store.ts';

export type LaneStep =
  | { readonly type: 'show'; readonly ticket: number; readonly code: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'plan'; readonly passage: SimulatedPassage }
  | { readonly type: 'accept' | 'decline'; readonly role: 'steward' | 'supervisor' }
  | { readonly type: 'override'; readonly persons: number }
  | { readonly type: 'undo' | 'close' | 'reopen' | 'fire' | 'free' | 'reset' | 'stop' }
  | { readonly type: 'order'; readonly order: Order | undefined }
  | { readonly type: 'store'; readonly fault: StoreFault };

const passage: fc.Arbitrary<SimulatedPassage> = fc.oneof(
  fc.constant({ type: 'lapse' } as const),
  fc.integer({ min: 0, max: 4 }).map((persons) => ({ type: 'part', persons }) as const),
  fc.constant({ type: 'break', cause: 'cable' } as const),
);

const stepArbitrary: fc.Arbitrary<LaneStep> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant('show' as const),
      ticket: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 99),
      code: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 2, 5, 100, 499, 600, 1_999, 2_000, 3_100, 31_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('plan' as const), passage }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('accept' as const, 'decline' as const),
      role: fc.constantFrom('steward' as const, 'supervisor' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('override' as const), persons: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'undo' as const,
        'close' as const,
        'reopen' as const,
        'fire' as const,
        'free' as const,
        'reset' as const,
        'reset' as const,
        'stop' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('order' as const),
      order: fc.constantFrom('stop-entry' as const, 'evacuate' as const, undefined, undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('store' as const),
      fault: fc.constantFrom('none' as const, 'none' as const, 'before' as const, 'after' as const, 'throws' as const),
    }),
  },
);

export const laneStepsArbitrary = fc.array(stepArbitrary, { minLength: 1, maxLength: 40 });

/** So that an exit lane has somebody to let out. */
export async function letEverybodyIn(rig: Rig): Promise<void> {
  const entered = tickets.map(({ id, type, party }) =>
    rig.store.append({
      kind: 'admitted',
      event: policy.event,
      lane: 'entry',
      ticketId: id,
      epoch: 0,
      method: 'trusting',
      ticketType: type,
      zone: 'hall',
      uses: party,
      outOfTouch: false,
      peersReachable: 0,
    }),
  );
  await rig.time.advance(1_000);
  await Promise.all(entered);
}

/** Lives through `steps`, lets everything end, stops the lane, and checks all promises. */
export async function runLaneScenario(rig: Rig, steps: readonly LaneStep[]): Promise<void> {
  let lastHoldId = '';
  let order: Order | undefined;
  for (const step of steps) {
    if (step.type === 'order') ({ order } = step);
    const state = rig.lane.state();
    if (state.name === 'held') lastHoldId = state.holdId;
    await perform(rig, step, lastHoldId);
    // Only then has everything begun so far settled; between two steps of one instant the turnstile may be on its way.
    if (step.type === 'wait') checkState(rig, order);
  }
  rig.storeFault('none');
  await rig.time.advance(200_000);
  checkState(rig, order);
  const stopped = rig.lane.stop();
  await rig.time.advance(10_000);
  await stopped;
  checkOpenings(rig);
  checkUses(rig);
}

async function perform(rig: Rig, step: LaneStep, holdId: string): Promise<void> {
  const { lane } = rig;
  const operator = { operator: 'op1steward', role: 'role' in step ? step.role : 'supervisor' } as const;
  switch (step.type) {
    case 'show':
      return void rig.show(`T${step.ticket}/${step.code}`);
    case 'wait':
      return rig.time.advance(step.ms);
    case 'plan':
      return rig.turnstile.plan(step.passage);
    case 'accept':
      return void lane.accept(holdId, operator);
    case 'decline':
      return void lane.decline(holdId, operator, 'other');
    case 'override':
      return void lane.override(operator, 'other', step.persons);
    case 'undo':
      return void lane.undo(operator, 'other');
    case 'close':
      return void lane.close();
    case 'reopen':
      return void lane.reopen();
    case 'fire':
      return void lane.free('fire');
    case 'free':
      return void lane.free('person');
    case 'reset':
      return void lane.resetFree();
    case 'stop':
      return void lane.stop();
    case 'order':
      return lane.obey(step.order === undefined ? undefined : anOrder(step.order));
    case 'store':
      return rig.storeFault(step.fault);
  }
}

/** The turnstile is where the lane's state says; a freed lane is free whatever else happens; an order holds whatever else happens. */
function checkState(rig: Rig, order: Order | undefined): void {
  const state = rig.lane.state();
  // Somebody is walking through, or nothing is decided any more.
  const isEnding = state.name === 'open' || (state.name === 'closed' && state.why === 'stopping');
  if (order !== undefined && !isEnding) checkOrder(rig, state, order);
  if (state.name === 'free') expect(rig.turnstile.state()).toBe('free');
  if (rig.turnstile.state() === 'open') expect(state.name).toBe('open');
  if (state.name === 'closed' && state.why !== 'stopping' && rig.lane.settings.direction === 'entry')
    expect(rig.turnstile.state()).toBe('locked');
  if (rig.lane.settings.direction === 'exit') expect(rig.turnstile.state()).not.toBe('locked');
}

function checkOrder(rig: Rig, state: LaneState, order: Order): void {
  const mayBeFree = order === 'evacuate' || (state.name === 'free' && state.why === 'fire');
  if (rig.lane.settings.direction === 'entry')
    expect(mayBeFree ? ['closed', 'free'] : ['closed']).toContain(state.name);
  else if (order === 'evacuate') expect(state.name).toBe('free');
}

let orders = 0;
/** By another gate's supervisor, each a mark of its own. */
export const anOrder = (order: Order): OrderMark => ({
  kind: 'ordered',
  order,
  zone: '',
  event: policy.event,
  gate: 'south',
  boot: '00112233aabbccdd',
  sequence: ++orders,
  at: { ms: 1_000, counter: 0 },
  monotonicMs: 0,
  clock: { source: 'server', uncertaintyMs: 10 },
  lane: '',
  operator: 'op2superv',
});

const openStates = (rig: Rig): readonly Extract<LaneState, { name: 'open' }>[] =>
  rig.events.flatMap((event) => (event.type === 'state' && event.state.name === 'open' ? [event.state] : []));

/**
 * Every opening follows a decision (or the reset of a fire that came and went while the mark was committed) and has its own mark,
 * durable, never two for one; the turnstile never opened more often than the lane said.
 */
function checkOpenings(rig: Rig): void {
  const states = rig.events.flatMap((event) => (event.type === 'state' ? [event.state.name] : []));
  for (const [index, name] of states.entries())
    if (name === 'open') expect(['deciding', 'idle']).toContain(states[index - 1]);
  const durable = new Set(rig.marks().map(markKey));
  const opened = openStates(rig).map(({ mark }) => markKey(mark));
  for (const key of opened) expect(durable).toContain(key);
  expect(new Set(opened).size).toBe(opened.length);
  expect(rig.turnstile.counts().openings).toBeLessThanOrEqual(opened.length);
}

/** Lapses return exactly the persons who did not pass, as far as anybody knows; and no ticket is ever over-used. */
function checkUses(rig: Rig): void {
  const marks = rig.marks();
  const known = passagesByMark(rig);
  const openedKeys = new Set(openStates(rig).map(({ mark }) => markKey(mark)));
  for (const mark of marks) {
    if (mark.kind !== 'admitted' && mark.kind !== 'overridden' && mark.kind !== 'exited') continue;
    if (mark.lane !== rig.lane.id) continue;
    const uses = mark.kind === 'exited' ? 1 : mark.uses;
    const returned = marks.flatMap((lapse) =>
      lapse.kind === 'lapsed' && lapse.of.sequence === mark.sequence && lapse.of.boot === mark.boot ? [lapse.uses] : [],
    );
    expect(returned.length).toBeLessThanOrEqual(1);
    const passed = known.get(markKey(mark));
    if (passed !== undefined) {
      if (returned[0] !== undefined) expect(returned[0]).toBe(uses - passed);
      else if (passed < uses) expect(rig.lane.health().lapsesLost).toBeGreaterThan(0);
    } else if (openedKeys.has(markKey(mark))) expect(returned).toEqual([]);
    else expect([[], [uses]]).toContainEqual(returned);
  }
  checkTickets(marks);
}

/** Persons counted by the sensor for each opening whose outcome became known. */
function passagesByMark(rig: Rig): ReadonlyMap<string, number> {
  const passages = new Map<string, number>();
  let open: Mark | undefined;
  for (const event of rig.events) {
    if (event.type === 'state') open = event.state.name === 'open' ? event.state.mark : open;
    if (event.type === 'passage' && open !== undefined)
      passages.set(markKey(open), event.passage.type === 'passed' ? event.passage.persons : 0);
  }
  return passages;
}

function checkTickets(marks: readonly Mark[]): void {
  for (const ticket of tickets) {
    const own = marks.filter((mark) => 'ticketId' in mark && mark.ticketId === ticket.id);
    expect(foldHistory(own, historyRules(policy, ticket)).cases).toEqual([]);
  }
}

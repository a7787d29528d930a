// What people do at a simulated gate: let somebody in against the rule, take an entry back, deny a ticket, count who is inside, give out
// wristbands, close the venue. The marks are drafted by the functions that the real lane, steward and band desk use.
import {
  bytesToHex,
  createBandDesk,
  draftDenial,
  draftOverride,
  draftUndo,
  overrideReasons,
  sha256,
  undoReasons,
  type BandAction,
  type OpeningMark,
  type Order,
  type Ticket,
} from '@postern/shared';
import type { GateClock } from './gate-clock.ts';
import type { GateTime } from './gate-time.ts';
import type { SimulatedLanes } from './simulated-lanes.ts';
import type { SimulatedOrders } from './simulated-orders.ts';
import type { SimulatedStore } from './simulated-store.ts';
import { simulatedZone, type World } from './world.ts';

export interface SimulatedStewards {
  /** Lets in whoever shows this pass, whatever the rule says. */
  readonly override: (text: string) => Promise<void>;
  /** Takes the last entry at this gate back, once. */
  readonly undo: () => Promise<void>;
  readonly deny: (text: string) => Promise<void>;
  /** So many people are in the zone. */
  readonly recount: (persons: number) => Promise<void>;
  /** Sets the time by a watch. */
  readonly confirmClock: (trueMs: number) => Promise<void>;
  /** To all gates: nobody is let in until it is lifted. */
  readonly order: (order: Order) => Promise<void>;
  readonly liftOrders: () => Promise<void>;
  /** `replace` as the band desk has it. */
  readonly bind: (text: string, band: number, replace?: 'lost-band' | 'other-ticket') => Promise<void>;
}

export interface SimulatedStewardsDeps {
  readonly world: World;
  readonly gate: string;
  readonly clock: GateClock;
  readonly time: GateTime;
  readonly store: SimulatedStore;
  readonly lanes: SimulatedLanes;
  readonly orders: SimulatedOrders;
  readonly ticket: (ticketId: string) => Ticket | undefined;
}

const operator = { operator: 'staff-1', role: 'supervisor' } as const;

export function createSimulatedStewards(deps: SimulatedStewardsDeps): SimulatedStewards {
  const { world, gate, store, lanes } = deps;
  const { event, random, seams } = world;
  const { signal } = new AbortController();
  let undone: OpeningMark | undefined;

  const bandDesk = createBandDesk({
    events: [
      {
        event,
        context: { policy: () => world.policy, time: deps.time.now },
        store,
        ticket: deps.ticket,
        tagHash: (_medium, id) => bytesToHex(sha256(id).slice(0, 16)),
        bindings: () => seams.bindings(store.known.bound(), (ticketId) => deps.ticket(ticketId)?.party ?? 1),
      },
    ],
    registry: {
      verify: (presentation) => lanes.verify('text' in presentation ? presentation.text : ''),
    },
  });
  const anyOf = <T>(items: readonly [T, ...T[]]): T => items[random.below(items.length)] ?? items[0];

  return {
    override: async (text) => {
      const claim = await lanes.verify(text);
      if (!claim.ok) return;
      const { place } = lanes.entry;
      await lanes.entry.append(draftOverride(place(event), claim.value, anyOf(overrideReasons), 1, operator.operator));
    },
    undo: async () => {
      const last = store.lastOpening();
      if (last === undefined || last === undone) return;
      undone = last;
      await lanes.entry.append(draftUndo(last, operator.operator, anyOf(undoReasons)));
    },
    deny: async (text) => {
      const claim = await lanes.verify(text);
      if (claim.ok) await lanes.entry.append(draftDenial(event, 'entry', claim.value, operator.operator));
    },
    recount: async (persons) =>
      void (await store.append({
        kind: 'recounted',
        event,
        lane: '',
        operator: operator.operator,
        zone: simulatedZone,
        persons,
      })),
    confirmClock: async (trueMs) => {
      const offsetMs = deps.time.confirm(trueMs);
      await store.append({
        kind: 'corrected',
        event,
        lane: '',
        operator: operator.operator,
        offsetMs,
        trueMs: deps.time.now().nowMs,
      });
    },
    order: deps.orders.give,
    liftOrders: deps.orders.liftAll,
    bind: async (text, band, replace) => {
      const presentation = { medium: 'optical', text, readerId: 'desk', seenAtMs: deps.clock.monotonicMs() } as const;
      const action: BandAction = {
        type: 'bind-band',
        presentation,
        medium: 'nfc',
        id: Uint8Array.of(band),
        ...(replace === undefined ? {} : { replace }),
      };
      const bound = await bandDesk.act(operator, action, signal);
      world.trace.note('bind', gate, band, bound.ok ? 'done' : bound.error.type);
    },
  };
}

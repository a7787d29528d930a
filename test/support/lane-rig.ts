// A lane on a bench: the real lane, registry, rule and simulated turnstile, with virtual time, a store that fails on demand and a
// method that believes what the text says. Ticket n is presented as "Tn" or, as another code of the same ticket, "Tn/anything".
import {
  admissionPolicySchema,
  createLane,
  createMethodRegistry,
  decide,
  ok,
  err,
  type Actuator,
  type Claim,
  type Lane,
  type LaneContext,
  type LaneEvent,
  type LaneSettings,
  type LaneState,
  type Logger,
  type Lookups,
  type Mark,
  type MethodRegistry,
  type TextPresentation,
  type Store,
  type Ticket,
  type VerificationMethod,
} from '@postern/shared';
import { createSimulatedTurnstile, type SimulatedTurnstile } from '../../gate-agent/src/actuators/simulated.ts';
import { createMemoryStore, withFaults, type StoreFault } from './memory-store.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export const rigEvent = 7;
export const rigPassAfterMs = 500;
export const rigPassageTimeoutMs = 3_000;
export const rigHoldTimeoutMs = 30_000;

export const ticketId = (n: number): string => n.toString(16).padStart(32, '0');

export const policy = admissionPolicySchema.parse({
  event: rigEvent,
  name: 'Rig',
  zones: [{ id: 'hall', name: 'Hall' }],
  types: [
    { id: 0, name: 'Ordinary' },
    { id: 1, name: 'Under 18', hold: 'under-18' },
    { id: 2, name: 'Needs a supervisor', hold: 'supervisor' },
    { id: 3, name: 'Comes and goes', reentry: true },
    { id: 4, name: 'VIP', proofs: [['signed'], ['looked-up', 'looked-up']] },
    { id: 5, name: 'Face', proofs: [['signed', 'face']] },
  ],
});

const ticket = (n: number, fields: Partial<Ticket>): Ticket => ({
  id: ticketId(n),
  type: 0,
  epoch: 0,
  status: 'valid',
  party: 1,
  ...fields,
});

/**
 * 1-3 ordinary, 4 under 18 and French, 5 a party of four, 6 needs a supervisor, 7 revoked, 8 may come back, 9 two proofs where none is signed, 10 a face
 * beside a signed one. */
export const tickets: readonly Ticket[] = [
  ticket(1, {}),
  ticket(2, {}),
  ticket(3, {}),
  ticket(4, { type: 1, language: 'fr' }),
  ticket(5, { party: 4 }),
  ticket(6, { type: 2 }),
  ticket(7, { status: 'revoked' }),
  ticket(8, { type: 3 }),
  ticket(9, { type: 4 }),
  ticket(10, { type: 5 }),
];

export const silentLogger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const trustingMethod: VerificationMethod = {
  id: 'trusting',
  assurance: 'signed',
  generates: false,
  accepts: ({ text }) => /^T\d+(\/|$)/.test(text),
  verify: async ({ text }) => {
    const n = Number(/^T(\d+)/.exec(text)?.[1]);
    if (n === 99) return err({ type: 'signature-invalid' });
    const claim: Claim = {
      method: 'trusting',
      event: rigEvent,
      ticketId: ticketId(n),
      epoch: 0,
      type: 0,
      assurance: 'signed',
    };
    return ok(claim);
  },
  generate: async () => err({ type: 'nothing-to-generate' }),
};

export interface Rig {
  readonly lane: Lane;
  readonly time: VirtualTime;
  readonly turnstile: SimulatedTurnstile;
  readonly events: readonly LaneEvent[];
  /** The store with its faults; another rig may share it. */
  readonly store: Store;
  readonly context: LaneContext;
  readonly registry: MethodRegistry;
  readonly decide: typeof decide;
  readonly marks: () => readonly Mark[];
  readonly storeFault: (fault: StoreFault) => void;
  readonly show: (text: string, fields?: Partial<TextPresentation>) => ReturnType<Lane['present']>;
  /** Shows, and lets everything happen that happens within `ms`. */
  readonly scan: (text: string, ms?: number) => Promise<void>;
  readonly state: () => LaneState['name'];
  /** One word a decision, in order: `admit`, `hold`, or the refusal's code. */
  readonly answers: () => readonly string[];
  readonly kinds: () => readonly string[];
}

export interface RigOptions extends Partial<LaneSettings> {
  readonly actuator?: Actuator;
  readonly listener?: (event: LaneEvent) => void;
  /** The trusting one when absent. */
  readonly methods?: readonly VerificationMethod[];
  /** What the gate knows beside nothing. */
  readonly lookups?: Partial<Lookups>;
  /** False for a lane that the test starts itself. */
  readonly start?: boolean;
  /** A store other than the one in memory, and how to read what it has made durable. */
  readonly store?: (time: VirtualTime) => { readonly store: Store; readonly marks: () => readonly Mark[] };
}

export async function createRig({
  actuator,
  listener,
  methods = [trustingMethod],
  lookups: known,
  store: storeOf,
  start = true,
  ...settings
}: RigOptions = {}): Promise<Rig> {
  const time = createVirtualTime();
  const memory = createMemoryStore({ ...time, policy, tickets });
  const base = storeOf?.(time) ?? { store: memory.store, marks: () => memory.marks };
  const faulty = withFaults(base.store);
  const turnstile = createSimulatedTurnstile(
    { id: 'sim', passAfterMs: rigPassAfterMs, passageTimeoutMs: rigPassageTimeoutMs },
    time,
  );
  const events: LaneEvent[] = [];
  const lookups: Lookups = {
    issuerKey: () => undefined,
    ticketByCode: () => undefined,
    ticketByShortCode: () => undefined,
    tag: () => ({ type: 'unbound' }),
    event: rigEvent,
    ...known,
  };
  const context: LaneContext = {
    policy: () => policy,
    time: () => ({ nowMs: time.clock.wallMs(), trusted: true, source: 'server', uncertaintyMs: 10 }),
    feedAgeMs: () => 0,
    inTouch: () => ({ inTouch: true, peersReachable: 2 }),
    gate: 'north',
    clock: time.clock,
  };
  const registry = createMethodRegistry({
    methods,
    lookups,
    clock: time.clock,
    logger: silentLogger,
  });
  const lane = createLane(
    {
      id: 'lane-1',
      zone: 'hall',
      direction: 'entry',
      onFailure: 'locked',
      holdTimeoutMs: rigHoldTimeoutMs,
      ...settings,
    },
    {
      context,
      registry,
      store: faulty.store,
      actuator: actuator ?? turnstile.actuator,
      decide,
      timer: time.timer,
      logger: silentLogger,
      listener: (event) => {
        events.push(event);
        listener?.(event);
      },
    },
  );
  if (start) await lane.start();
  const show: Rig['show'] = (text, fields = {}) =>
    lane.present({ medium: 'optical', text, readerId: 'camera', seenAtMs: time.clock.monotonicMs(), ...fields });
  return {
    lane,
    time,
    turnstile,
    events,
    store: faulty.store,
    context,
    registry,
    decide,
    marks: base.marks,
    storeFault: faulty.fault,
    show,
    scan: async (text, ms = 1_000) => {
      show(text);
      await time.advance(ms);
    },
    state: () => lane.state().name,
    answers: () =>
      events.flatMap((event) =>
        event.type === 'decision'
          ? [event.decision.kind === 'refuse' ? event.decision.refusal.type : event.decision.kind]
          : [],
      ),
    kinds: () => base.marks().map((mark) => mark.kind),
  };
}

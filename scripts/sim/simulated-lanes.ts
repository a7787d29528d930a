// The lanes of a simulated gate: a pass is verified by the real method under the keys of the feed, decided by the real rule in the store's
// transaction, and written down as the real lane writes it.
import {
  createGateRehearsal,
  createRehearsingStore,
  draftLapse,
  draftRefusal,
  hexToBytes,
  qrMethod,
  sha256,
  utf8,
  type Claim,
  type Decision,
  type DecideInput,
  type LaneContext,
  type Lookups,
  type Mark,
  type Refusal,
  type Result,
  type TrustedTime,
} from '@postern/shared';
import { createLaneBooks, type Committed, type LaneBooks } from '../../shared/src/gate/lane-books.ts';
import type { FeedClient } from './feed-client.ts';
import type { GateClock } from './gate-clock.ts';
import { quietLogger } from './replica.ts';
import type { SimulatedStore } from './simulated-store.ts';
import type { SimulatedOrders } from './simulated-orders.ts';
import { simulatedZone, type World } from './world.ts';

export interface SimulatedLanes {
  /** A supervisor lets this gate rehearse by itself; and ends it. */
  readonly beginRehearsal: () => Promise<unknown>;
  readonly leaveRehearsal: () => Promise<unknown>;
  /** A visitor shows a pass; resolves with what was decided and written down, undefined for what is no pass at all. */
  readonly scan: (text: string, direction: 'entry' | 'exit') => Promise<Committed | undefined>;
  readonly verify: (text: string) => Promise<Result<Claim, Refusal>>;
  /** The books of the entry lane, for whatever a person does there. */
  readonly entry: Pick<LaneBooks, 'place' | 'append'>;
  /** Nobody has passed behind this admission. */
  readonly giveBack: (mark: Extract<Mark, { kind: 'admitted' }>) => Promise<void>;
}

export interface SimulatedLanesDeps {
  readonly world: World;
  readonly address: string;
  readonly gate: string;
  readonly clock: GateClock;
  readonly time: () => TrustedTime;
  readonly store: SimulatedStore;
  readonly feed: FeedClient;
  readonly orders: Pick<SimulatedOrders, 'obeyed'>;
  /** When each peer has answered last. */
  readonly lastAnswersMs: () => readonly number[];
}

const supervisor = { operator: 'staff-1', role: 'supervisor' } as const;
const inTouchMs = 30_000;

export function createSimulatedLanes(deps: SimulatedLanesDeps): SimulatedLanes {
  const { world, address, gate, clock, store, feed } = deps;
  const { referee, seams } = world;
  const { signal } = new AbortController();

  const keyState = (id: string | undefined): string =>
    feed.manifest()?.keys.find(({ use, keyId }) => use === 'issuer' && keyId === id)?.state ?? 'unknown';
  const lookups: Lookups = {
    event: world.event,
    issuerKey: (id) => {
      const key = feed.manifest()?.keys.find(({ use, keyId }) => use === 'issuer' && keyId === id);
      return key === undefined
        ? undefined
        : { publicKey: hexToBytes(key.publicKey) ?? new Uint8Array(0), state: seams.keyState(key.state) };
    },
    ticketByCode: () => undefined,
    ticketByShortCode: () => undefined,
    tag: () => ({ type: 'unbound' }),
  };

  const reachable = (): number => deps.lastAnswersMs().filter((atMs) => world.queue.nowMs() - atMs <= inTouchMs).length;
  const context: LaneContext = {
    policy: () => world.policy,
    time: deps.time,
    feedAgeMs: () => 0,
    inTouch: () => ({ inTouch: reachable() > 0, peersReachable: reachable() }),
    gate,
    clock,
  };
  const noteAdmission = (claim: Claim): void =>
    referee.admitted({
      address,
      gate,
      claim,
      known: store.known.ofTicket(claim.ticketId),
      keyState: keyState(claim.keyId),
    });
  const rehearsal = createGateRehearsal({
    policy: context.policy,
    time: deps.time,
    switches: store.rehearsalSwitches,
    append: store.append,
    random: (bytes) => sha256(utf8(`rehearsal ${address} ${world.queue.nowMs()}`)).slice(0, bytes),
    // What it is in is asked at every scan; nobody has to be told.
    timer: { after: () => () => undefined },
    logger: quietLogger,
    changed: () => undefined,
  });
  const rehearsing = createRehearsingStore(store, () => rehearsal.current()?.session);
  const judge = (input: DecideInput, decision: Decision): void => {
    const { claim, rehearsal: session } = input;
    const known = store.known.ofTicket(claim.ticketId);
    if (decision.kind === 'admit' && session !== undefined) referee.practised(session, { address, claim, known });
    if (decision.kind === 'admit' && session === undefined) noteAdmission(claim);
    if (decision.kind === 'refuse' && session === undefined && decision.refusal.type === 'already-used')
      referee.refusedAsUsed({ address, claim, known });
  };
  const laneOf = (direction: 'entry' | 'exit'): LaneBooks =>
    createLaneBooks(
      { id: direction, zone: simulatedZone, direction, onFailure: 'locked', holdTimeoutMs: 60_000 },
      {
        context,
        store: rehearsing,
        logger: quietLogger,
        decide: (input) => {
          const decision = seams.decide(input);
          if (direction === 'entry') judge(input, decision);
          return decision;
        },
      },
    );
  const lanes = { entry: laneOf('entry'), exit: laneOf('exit') };

  const verify: SimulatedLanes['verify'] = (text) =>
    qrMethod.verify({ medium: 'optical', text, readerId: 'camera', seenAtMs: clock.monotonicMs() }, lookups, signal);

  return {
    beginRehearsal: () => rehearsal.begin(supervisor),
    leaveRehearsal: () => rehearsal.leave(supervisor),
    verify,
    entry: lanes.entry,
    scan: async (text, direction) => {
      const isClosed = direction === 'entry' && deps.orders.obeyed() !== undefined;
      if (direction === 'entry') referee.shownAtEntry({ address, isClosed, known: store.known.orders() });
      if (isClosed) return undefined;
      const claim = await verify(text);
      const lane = lanes[direction];
      if (!claim.ok) {
        rehearsing.appendLater(draftRefusal(lane.place(undefined), undefined, claim.error.type, undefined));
        return undefined;
      }
      const committed = await lane.admit(claim.value, undefined);
      if (!committed.ok) return undefined;
      const { decision } = committed.value;
      if (decision.kind === 'refuse')
        rehearsing.appendLater(
          draftRefusal(lane.place(claim.value.event), claim.value, decision.refusal.type, undefined),
        );
      return committed.value;
    },
    giveBack: async (mark) => void (await lanes.entry.append(draftLapse(mark, mark.uses))),
  };
}

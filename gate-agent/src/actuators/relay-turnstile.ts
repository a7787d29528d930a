// A turnstile behind relays: a pulse a person, or held open until they have passed. Where there is a passage sensor it says who
// passed, and whether somebody followed; without one an opening counts as passed. Each direction has its relay, its sensor and its
// state of rest, and neither ends an opening of the other. What drives the relays (GPIO, a USB board) is behind two small ports.
import { assert, type Actuator, type Passage, type Timer } from '@postern/shared';

export interface Relay {
  /** Switches on until told otherwise, or at most for `forMs`, whatever becomes of the agent. Rejects when it does not work. */
  readonly on: (forMs?: number) => Promise<void>;
  readonly off: () => Promise<void>;
}

export interface PassageSensor {
  /** Resolves when it sees; rejects when it cannot. */
  readonly start: () => Promise<void>;
  /** Tells of every person, and when it can see no more, until the returned function is called. */
  readonly watch: (onPerson: () => void, onBlind: (why: string) => void) => () => void;
}

/** One direction: without a relay the turnstile lets that direction through by itself. */
export interface TurnstileSide {
  readonly relay?: Relay;
  readonly sensor?: PassageSensor;
}

export interface RelayTurnstileSettings {
  readonly id: string;
  /** Length of a pulse, one a person; or held open until all have passed. */
  readonly opening: { readonly type: 'pulse'; readonly ms: number } | { readonly type: 'hold' };
  /** Nobody has come for so long: it is over. */
  readonly passageTimeoutMs: number;
  /** After the last person has passed, for so long a further one is a tailgater. */
  readonly tailMs: number;
}

type Direction = 'entry' | 'exit';

/** An opening that goes on: what it waits for, and what ends it. */
interface Opening {
  persons: number;
  fault: Error | undefined;
  pulsing: boolean;
  changed: () => void;
  /** Resolves, never rejects, when its relay is at rest again, or could not be brought there. */
  readonly ended: Promise<void>;
  end: () => void;
}

const createOpening = (): Opening => {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { persons: 0, fault: undefined, pulsing: false, changed: () => undefined, ended, end };
};

export function createRelayTurnstile(
  { id, opening: kind, passageTimeoutMs, tailMs }: RelayTurnstileSettings,
  sides: Readonly<Record<Direction, TurnstileSide>>,
  { timer }: { readonly timer: Timer },
): Actuator {
  const resting: Record<Direction, 'locked' | 'free'> = { entry: 'locked', exit: 'locked' };
  const openings: Partial<Record<Direction, Opening>> = {};

  const settle = async (direction: Direction): Promise<void> => {
    const { relay } = sides[direction];
    await (resting[direction] === 'free' ? relay?.on() : relay?.off());
  };

  const fail = (opening: Opening, cause: unknown): void => {
    opening.fault ??= cause instanceof Error ? cause : new Error(String(cause));
    opening.changed();
  };

  /** True as soon as `isOver`, false when `ms` are over first; rejects with what ends the opening. */
  const wait = (opening: Opening, ms: number, isOver: () => boolean): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const finish = (settled: () => void): void => {
        cancel();
        opening.changed = () => undefined;
        settled();
      };
      const cancel = timer.after(ms, () => finish(() => resolve(false)));
      opening.changed = () => {
        const { fault } = opening;
        if (fault !== undefined) finish(() => reject(fault));
        else if (isOver()) finish(() => resolve(true));
      };
      opening.changed();
    });

  /** Opens for one more person. A pulse goes on while its person walks, and ends by itself. */
  const openForOne = async (opening: Opening, relay: Relay, isFirst: boolean, persons: number): Promise<void> => {
    if (kind.type === 'hold') return isFirst ? relay.on(passageTimeoutMs * persons) : undefined;
    if (opening.pulsing) await wait(opening, kind.ms * 2, () => !opening.pulsing);
    await relay.on(kind.ms);
    opening.pulsing = true;
    timer.after(kind.ms, () => void endPulse(opening, relay));
  };

  const endPulse = async (opening: Opening, relay: Relay): Promise<void> => {
    if (openings.entry !== opening && openings.exit !== opening) return;
    try {
      await relay.off();
      opening.pulsing = false;
      opening.changed();
    } catch (cause) {
      fail(opening, cause);
    }
  };

  /** Without a sensor: the pulses are given, or the time-out is waited for; who was let in has passed. */
  const openUnseen = async (opening: Opening, relay: Relay | undefined, persons: number): Promise<Passage> => {
    for (let person = 0; relay !== undefined && person < persons; person++) {
      await openForOne(opening, relay, person === 0, persons);
      if (kind.type === 'hold') {
        await wait(opening, passageTimeoutMs, () => false);
        break;
      }
      await wait(opening, kind.ms * 2, () => !opening.pulsing);
      if (person + 1 < persons) await wait(opening, kind.ms, () => false);
    }
    return { type: 'passed', persons };
  };

  const openSeen = async (
    opening: Opening,
    direction: Direction,
    relay: Relay | undefined,
    persons: number,
  ): Promise<Passage> => {
    let passed = 0;
    while (passed < persons) {
      if (relay !== undefined) await openForOne(opening, relay, passed === 0, persons);
      if (!(await wait(opening, passageTimeoutMs, () => opening.persons > passed))) break;
      passed = Math.min(persons, opening.persons);
    }
    if (passed === 0) return { type: 'lapsed' };
    if (relay !== undefined && passed === persons && tailMs > 0) {
      await settle(direction);
      await wait(opening, tailMs, () => false);
    }
    const tailgaters = opening.persons - passed;
    return { type: 'passed', persons: passed, ...(tailgaters > 0 ? { tailgaters } : {}) };
  };

  const open = async (direction: Direction, persons: number, signal: AbortSignal): Promise<Passage> => {
    signal.throwIfAborted();
    const before = openings[direction];
    if (before !== undefined) {
      if (before.fault === undefined) throw new Error('it is already open');
      await before.ended;
      signal.throwIfAborted();
    }
    const { relay, sensor } = sides[direction];
    const isLocked = resting[direction] === 'locked';
    if (relay === undefined && isLocked) throw new Error(`no relay is named for the ${direction}`);
    const opening = createOpening();
    openings[direction] = opening;
    const onAbort = (): void => fail(opening, signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    // Where it rests free there is nothing to be opened.
    const switched = isLocked ? relay : undefined;
    let unwatch = (): void => undefined;
    try {
      if (sensor === undefined) return await openUnseen(opening, switched, persons);
      await sensor.start();
      unwatch = sensor.watch(
        () => {
          opening.persons++;
          opening.changed();
        },
        (why) => fail(opening, new Error(`the passage sensor is blind: ${why}`)),
      );
      return await openSeen(opening, direction, switched, persons);
    } finally {
      unwatch();
      signal.removeEventListener('abort', onAbort);
      assert(openings[direction] === opening, 'one opening at a time');
      try {
        await settle(direction);
      } finally {
        delete openings[direction];
        opening.end();
      }
    }
  };

  return {
    id,
    open,
    rest: async (state, direction) => {
      const { relay, sensor } = sides[direction];
      if (relay === undefined && state === 'locked' && direction === 'entry')
        throw new Error('no relay is named for the entry');
      resting[direction] = state;
      const opening = openings[direction];
      if (opening !== undefined) fail(opening, new Error('put to rest while it was open'));
      await opening?.ended;
      await settle(direction);
      // Whoever cannot see passages would give back the uses of people who have walked in.
      await sensor?.start();
    },
  };
}

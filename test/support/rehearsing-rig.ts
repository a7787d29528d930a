// A lane on a bench whose gate can rehearse: the real switch and the real rehearsing store over the store in memory.
import {
  createGateRehearsal,
  createRehearsingStore,
  isRehearsalSwitch,
  type AdmissionPolicy,
  type GateRehearsal,
  type Mark,
  type Operator,
  type TrustedTime,
} from '@postern/shared';
import { createRig, policy as rigPolicy, silentLogger, tickets, type Rig } from './lane-rig.ts';
import { createMemoryStore, withFaults, type StoreFault } from './memory-store.ts';

export const supervisor: Operator = { operator: 'op2superv', role: 'supervisor' };

export interface RehearsingRig {
  readonly rig: Rig;
  readonly rehearsal: GateRehearsal;
  /** What the ticket list says from now on. */
  readonly rules: (policy: Partial<AdmissionPolicy>) => void;
  /** From now on nobody knows the time, or everybody does. */
  readonly trust: (trusted: boolean) => void;
  /** How the store fails from now on. */
  readonly fault: (fault: StoreFault) => void;
  /** Kinds of marks in order; what was practised as `rehearsed:kind`. */
  readonly written: () => readonly string[];
  readonly changes: () => number;
}

export async function createRehearsingRig(): Promise<RehearsingRig> {
  let policy: AdmissionPolicy = rigPolicy;
  let trusted = true;
  let changes = 0;
  let rehearsal: GateRehearsal | undefined;
  let fault: ((fault: StoreFault) => void) | undefined;
  const rig = await createRig({
    store: (time) => {
      const memory = createMemoryStore({ ...time, policy: rigPolicy, tickets });
      const faulty = withFaults(memory.store);
      fault = faulty.fault;
      rehearsal = createGateRehearsal({
        policy: () => policy,
        time: (): TrustedTime => ({ nowMs: time.clock.wallMs(), trusted, source: 'server', uncertaintyMs: 10 }),
        switches: () => memory.marks.filter(isRehearsalSwitch),
        append: faulty.store.append,
        random: (bytes) => new Uint8Array(bytes).fill(memory.marks.length + 1),
        timer: time.timer,
        logger: silentLogger,
        changed: () => void changes++,
      });
      return {
        store: createRehearsingStore(faulty.store, () => rehearsal?.current()?.session),
        marks: () => memory.marks,
      };
    },
  });
  if (rehearsal === undefined || fault === undefined) throw new Error('the rig has a store');
  return {
    rig,
    rehearsal,
    rules: (changed) => void (policy = { ...rigPolicy, ...changed }),
    trust: (now) => void (trusted = now),
    fault,
    written: () => rig.marks().map(nameOf),
    changes: () => changes,
  };
}

const nameOf = (mark: Mark): string => (mark.kind === 'rehearsed' ? `rehearsed:${mark.practised.kind}` : mark.kind);

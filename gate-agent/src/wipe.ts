// A gate that is told to forget everything: on an order that a feed key has signed for this very start, once the cloud has all of its marks. Then it
// goes the way of a revoked gate (revocation.ts), says that it has, and loses its own key last: nothing proves it any more.
import { verifyWipeOrder, type GateVitals, type Logger, type WipeOrder } from '@postern/shared';
import type { Revocation } from './revocation.ts';

export interface Wipe {
  /** What the cloud has sent along. Resolves when whatever can be done now is done; `done` when there is nothing left to do. */
  readonly hear: (order: Uint8Array) => Promise<'nothing' | 'waiting' | 'done'>;
  /** The cloud believes this gate nothing any more; true where that is since it has forgotten everything, as it was told. */
  readonly endIfWiped: () => Promise<boolean>;
  /** Why it has not been done yet, for the cloud. */
  readonly obstacle: () => GateVitals['wipe'];
}

export interface WipeDeps {
  readonly gate: string;
  readonly boot: string;
  readonly feedKeyOf: (keyId: string) => Uint8Array | undefined;
  /** Own marks that the cloud has not confirmed, over all events; undefined while that is not known. */
  readonly waitingMarks: () => number | undefined;
  readonly revocation: Pick<Revocation, 'forget' | 'isWiped' | 'revokedAtMs'>;
  /** It has been forgotten, or some of it. */
  readonly changed: () => void;
  /** Tells the cloud; false where it could not be told. */
  readonly confirm: (order: string) => Promise<boolean>;
  /** The key with which this gate proves itself. */
  readonly forgetIdentity: () => Promise<void>;
  readonly logger: Logger;
}

export function createWipe(deps: WipeDeps): Wipe {
  const { gate, boot, feedKeyOf, waitingMarks, revocation, changed, confirm, forgetIdentity, logger } = deps;
  let obstacle: GateVitals['wipe'];
  let told = '';

  const carryOut = async ({ order, askedAtMs, sealKey }: WipeOrder): Promise<'waiting' | 'done'> => {
    // A gate that has forgotten its marks already has none that could wait.
    if (revocation.revokedAtMs() === undefined && waitingMarks() !== 0) {
      obstacle = { order, obstacle: 'marks-waiting' };
      return 'waiting';
    }
    const isForgotten = await revocation.forget({ atMs: askedAtMs, sealKey });
    changed();
    if (!isForgotten) {
      obstacle = { order, obstacle: 'storage' };
      return 'waiting';
    }
    obstacle = undefined;
    if (!(await confirm(order))) return 'waiting';
    await forgetIdentity();
    logger.warn({ gate, order }, 'This gate has forgotten everything, as the cloud ordered');
    return 'done';
  };

  return {
    obstacle: () => obstacle,
    endIfWiped: async () => {
      if (!revocation.isWiped()) return false;
      await forgetIdentity();
      return true;
    },
    hear: async (bytes) => {
      const order = verifyWipeOrder(bytes, { gate, boot }, feedKeyOf);
      if (!order.ok) {
        logger.warn({ cause: order.error.type }, 'An order to forget everything is not believed');
        return 'nothing';
      }
      if (told !== order.value.order)
        logger.warn({ gate, order: order.value.order }, 'The cloud orders this gate to forget everything');
      told = order.value.order;
      return carryOut(order.value);
    },
  };
}

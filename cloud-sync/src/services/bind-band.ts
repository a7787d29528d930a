// Writes a wristband's binding as a mark of the cloud, so that every gate learns of it like of any other. The same mark gives the band to its
// ticket and takes it, or the lost one, from whoever had it, so that no gate ever sees half of that.
import { draftBindings, err, markKey, ok, type BoundMark, type Result, type Store } from '@postern/shared';
import type { LiveBinding } from '../store/bindings.ts';
import type { EntryOf } from './audit.ts';
import type { Failure } from './problems.ts';
import { workingStore, type EntryOfDecision, type StoreOf } from './working-store.ts';

export interface BindingOf {
  readonly event: number;
  readonly tag: string;
  readonly method: string;
  /** Whose doing it is, as marks name them; absent for a command. */
  readonly operator?: string | undefined;
  readonly replaces: readonly LiveBinding[];
  readonly nowMs: number;
}

/** What the mark leaves besides, in its transaction. */
export interface BindingTrace {
  readonly entry?: EntryOf | undefined;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** `ticket-not-valid`, or `store-unavailable`: then nothing is bound. The epoch is the ticket's in the transaction that stores the mark. */
export async function bindBand(
  storeOf: StoreOf,
  ticketId: string,
  binding: BindingOf,
  trace: BindingTrace = {},
): Promise<Result<BoundMark, Failure>> {
  const store = await workingStore(storeOf, binding.event, entryOfBinding(binding, ticketId, trace));
  const given = await store?.admit(ticketId, ({ ticket, history }) => {
    if (ticket?.status !== 'valid') return { decision: 'ticket-not-valid' as const, mark: undefined };
    const epoch = Math.max(ticket.epoch, history.epochSeen);
    const [mark] = draftBindings(placeOf(binding), { tagHash: binding.tag, ticketId, epoch }, binding.replaces);
    return { decision: 'bound' as const, mark };
  });
  if (given?.ok !== true) return err({ type: 'store-unavailable' });
  if (given.value.decision === 'ticket-not-valid') return err({ type: 'ticket-not-valid' });
  const { mark } = given.value;
  if (mark?.kind !== 'bound') return err({ type: 'store-unavailable' });
  const settled = await settleRest(storeOf, mark, binding);
  return settled.ok ? ok(mark) : settled;
}

/** Takes a band from its ticket; it belongs to nobody. */
export async function unbindBand(
  storeOf: StoreOf,
  ticketId: string,
  binding: BindingOf,
  trace: BindingTrace,
): Promise<Result<BoundMark, Failure>> {
  const store = await workingStore(storeOf, binding.event, entryOfBinding(binding, ticketId, trace));
  const [draft] = draftBindings(placeOf(binding), { tagHash: binding.tag, ticketId: '', epoch: 0 }, binding.replaces);
  const stored = draft === undefined ? undefined : await store?.append(draft);
  if (stored?.ok !== true || stored.value.kind !== 'bound') return err({ type: 'store-unavailable' });
  const settled = await settleRest(storeOf, stored.value, binding);
  return settled.ok ? ok(stored.value) : settled;
}

/** One mark cannot name very many: more of the same content name the rest. */
async function settleRest(
  storeOf: StoreOf,
  { tagHash, ticketId, epoch }: BoundMark,
  binding: BindingOf,
): Promise<Result<void, Failure>> {
  const [, ...more] = draftBindings(placeOf(binding), { tagHash, ticketId, epoch }, binding.replaces);
  const store: Store = storeOf(binding.event);
  for (const draft of more) if (!(await store.append(draft)).ok) return err({ type: 'store-unavailable' });
  return ok(undefined);
}

const placeOf = ({ event, method, operator }: BindingOf) => ({
  event,
  lane: '',
  method,
  ...(operator === undefined ? {} : { operator }),
});

const entryOfBinding =
  ({ event, tag, method, nowMs }: BindingOf, ticket: string, { entry, details }: BindingTrace): EntryOfDecision =>
  (_decision, mark) => {
    if (mark?.kind !== 'bound') return undefined;
    const made = entry?.({
      event,
      ticket,
      subject: tag,
      mark: markKey(mark),
      ...(details === undefined ? {} : { details }),
    });
    const audit = made === undefined ? undefined : { ...made, method };
    if (mark.ticketId === '') return { audit };
    return { audit, credential: { event, ticket, method, credential: tag, epoch: mark.epoch, generated_at_ms: nowMs } };
  };

// A store as those who use tickets see it while a gate rehearses: decisions go by what was practised in the session, what they write is
// practised too, and whoever asked gets it back as the mark that it would have been. Whether the gate rehearses is asked inside the
// transaction, so that no mark is made of what was decided in another state.
import { practisedMark, rehearsedDraft } from '../rehearsed-mark.ts';
import type { Mark } from '../mark.ts';
import { ok } from '../result.ts';
import type { AdmitView, Store, Verdict } from './ports.ts';

/** `decide` as a gate uses it that is in `session`, or in none. */
export function decideIn<D>(
  session: string | undefined,
  decide: (view: AdmitView) => Verdict<D>,
  view: AdmitView,
): Verdict<D> {
  const { decision, mark } = decide(
    session === undefined ? view : { ...view, history: view.practised(session), rehearsal: session },
  );
  return { decision, mark: mark === undefined ? undefined : rehearsedDraft(mark, session) };
}

/** A mark as whoever caused it wants to see it. */
export const asCaused = (mark: Mark): Mark => (mark.kind === 'rehearsed' ? practisedMark(mark) : mark);

/** `session`: what the gate is in at this instant. */
export const createRehearsingStore = (store: Store, session: () => string | undefined): Store => ({
  ...store,
  admit: async (ticketId, decide) => {
    const committed = await store.admit(ticketId, (view) => decideIn(session(), decide, view));
    if (!committed.ok || committed.value.mark === undefined) return committed;
    return ok({ ...committed.value, mark: asCaused(committed.value.mark) });
  },
  append: async (draft) => {
    const written = await store.append(rehearsedDraft(draft, session()));
    return written.ok ? ok(asCaused(written.value)) : written;
  },
  appendLater: (draft) => store.appendLater(rehearsedDraft(draft, session())),
});

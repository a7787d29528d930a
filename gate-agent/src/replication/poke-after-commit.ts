// Tells the replication thread of every commit, so that what happened at this gate is at the others a moment later.
import type { Store } from '@postern/shared';

/** The store, telling the replication thread that there is something new. The poke is a message: nothing waits for it. */
export function pokeAfterCommit(store: Store, replication: { readonly poke: () => void }): Store {
  return {
    ...store,
    admit: async (ticketId, rule) => {
      const result = await store.admit(ticketId, rule);
      if (result.ok && result.value.mark !== undefined) replication.poke();
      return result;
    },
    append: async (draft) => {
      const result = await store.append(draft);
      replication.poke();
      return result;
    },
  };
}

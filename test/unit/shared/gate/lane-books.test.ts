import { err, type LaneContext, type Store } from '@postern/shared';
import { expect, test, vi } from 'vitest';
import { createLaneBooks } from '../../../../shared/src/gate/lane-books.ts';
import { aPolicy } from '../../../support/marks.ts';

test('a store that stays broken is reported once for each cause, not at every attempt', async () => {
  let cause = 'disk full';
  const failing = async () => err({ type: 'store-failed', cause } as const);
  const store = { healthy: () => false, reopen: failing, append: failing } as unknown as Store;
  const context = { policy: () => aPolicy() } as unknown as LaneContext;
  const error = vi.fn();
  const logger = { info: () => undefined, warn: () => undefined, error };
  const settings = {
    id: 'main',
    zone: 'arena',
    direction: 'entry',
    onFailure: 'locked',
    holdTimeoutMs: 1_000,
  } as const;
  const books = createLaneBooks(settings, { context, store, decide: () => expect.unreachable(), logger });
  for (let attempt = 0; attempt < 5; attempt++) expect(await books.work()).toBe(false);
  expect(error.mock.calls).toEqual([[{ lane: 'main', cause: 'disk full' }, 'The store failed']]);
  cause = 'read-only file system';
  await books.work();
  expect(error).toHaveBeenCalledTimes(2);
});

// Goal: reads that are shared answer everybody with what was so after they had asked, and fail only those who asked.
import { expect, it } from 'vitest';
import { sharedKeysMax, shareReads } from '../../../cloud-sync/src/store/shared-reads.ts';

/** A table that a test changes, and what was asked of it; `release` lets the statement under way answer. */
function createTable(): {
  readonly values: Map<string, number>;
  readonly asked: string[][];
  readonly read: (key: string) => Promise<number | undefined>;
  hold: Promise<void> | undefined;
  fails: boolean;
} {
  const values = new Map<string, number>();
  const asked: string[][] = [];
  const table = {
    values,
    asked,
    hold: undefined as Promise<void> | undefined,
    fails: false,
    read: shareReads(async (keys: readonly string[]) => {
      asked.push([...keys]);
      const found = new Map(keys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? 0] as const] : [])));
      const fails = table.fails;
      await table.hold;
      if (fails) throw new Error('disk I/O error');
      return found;
    }),
  };
  return table;
}
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('asks once for all who ask together, and once for the same key', async () => {
  const { values, read, asked } = createTable();
  values.set('a', 1).set('b', 2);
  expect(await Promise.all([read('a'), read('b'), read('a'), read('none')])).toEqual([1, 2, 1, undefined]);
  expect(asked).toEqual([['a', 'b', 'none']]);
});

it('remembers nothing', async () => {
  const { values, read } = createTable();
  values.set('a', 1);
  expect(await read('a')).toBe(1);
  values.set('a', 2);
  expect(await read('a')).toBe(2);
});

it('never answers with what was read before the question', async () => {
  const table = createTable();
  let release = (): void => undefined;
  table.hold = new Promise((resolve) => (release = resolve));
  table.values.set('a', 1);
  const early = table.read('a');
  await turn();
  await turn();
  expect(table.asked).toHaveLength(1);
  table.values.set('a', 2);
  const late = table.read('a');
  release();
  expect(await Promise.all([early, late])).toEqual([1, 2]);
});

it('asks for no more keys at once than it says, and answers all', async () => {
  const { values, read, asked } = createTable();
  const keys = Array.from({ length: 2 * sharedKeysMax + 1 }, (_, index) => `key-${index}`);
  for (const [index, key] of keys.entries()) values.set(key, index);
  expect(await Promise.all(keys.map(read))).toEqual(keys.map((_, index) => index));
  expect(asked.map((some) => some.length)).toEqual([sharedKeysMax, sharedKeysMax, 1]);
});

it('fails those who asked, and works again for the next', async () => {
  const table = createTable();
  table.values.set('a', 1);
  table.fails = true;
  const failed = await Promise.allSettled([table.read('a'), table.read('b')]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  table.fails = false;
  expect(await table.read('a')).toBe(1);
});

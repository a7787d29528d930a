// Goal: a database whose uses and bindings an older version has derived says of which events they must be made anew, and of no others.
import { expect, it } from 'vitest';
import { toMarkRow } from '../../../cloud-sync/src/store/mark-rows.ts';
import { migrations } from '../../../cloud-sync/src/store/migrations/index.ts';
import { encodeMark, type Mark } from '@postern/shared';
import { aMark, baseOf, bootOfTests } from '../../support/marks.ts';
import { openCloudDatabase } from '../../../scripts/lib/cloud-database.ts';

it('drops uses where clocks were corrected, and has bindings made anew where there are any', async () => {
  const database = openCloudDatabase('sqlite::memory:');
  const before = Object.entries(migrations).filter(([name]) => name <= '0010-cases');
  const after = Object.entries(migrations).filter(([name]) => name > '0010-cases');
  for (const [, migration] of before) await migration.up(database);

  const [plain, corrected, banded] = [1, 2, 3];
  const mark = { gate: 'gate-a', boot: bootOfTests, sequence: 1 };
  const bound: Mark = { ...baseOf(), event: banded, kind: 'bound', tagHash: 'a'.repeat(32) };
  for (const made of [aMark({ event: plain }), aMark({ event: corrected }), bound]) {
    const { event } = made;
    // As it was then.
    const { session: _later, ...row } = toMarkRow({ ...mark, event }, { mark: made, bytes: encodeMark(made) }, 0);
    await database.insertInto('mark').values(row).execute();
    await database
      .insertInto('usage')
      .values({ ...mark, event, at_ms: 5, kind: made.kind, lane: 'lane-1', count: 1 })
      .execute();
  }
  await database
    .insertInto('correction')
    .values({ ...mark, event: corrected, sequence: 2 })
    .execute();
  await database
    .insertInto('binding')
    // As it was then.
    .values({ ...mark, event: banded, tag: 'a'.repeat(32), ticket: 'b'.repeat(32) } as never)
    .execute();

  for (const [, migration] of after) await migration.up(database);
  const uses = await database.selectFrom('usage').select('event').orderBy('event').execute();
  expect(uses.map(({ event }) => event)).toEqual([plain, banded]);
  expect(await database.selectFrom('projection_outdated').selectAll().execute()).toEqual([{ event: banded }]);
  await database.destroy();
});

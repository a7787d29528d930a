// Goal: the cloud finds the conflicts about wristbands that any gate finds by folding all marks, in whatever order those come and go; and a
// hostile gate that makes them by the thousand costs it no more a mark than the first ones.
import fc from 'fast-check';
import { CompiledQuery, type KyselyPlugin, type RootOperationNode } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeMark, foldBindings, markKey, type BoundMark, type MarkName, type TagState } from '@postern/shared';
import { readTagState } from '../../../cloud-sync/src/services/band-states.ts';
import {
  bindingsMax,
  deriveBindings,
  deriveBindingsAnew,
  forgetBindings,
} from '../../../cloud-sync/src/services/binding-rows.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { insertRows } from '../../../cloud-sync/src/store/insert-rows.ts';
import { toMarkRow } from '../../../cloud-sync/src/store/mark-rows.ts';
import { databaseKind, openTestDatabase } from '../../support/database.ts';
import { baseOf, eveningMs } from '../../support/marks.ts';

const event = 7;
let database: Database;
let close: () => Promise<void>;
beforeEach(async () => {
  ({ database, close } = await openTestDatabase());
});
afterEach(() => close());

const idOf = (prefix: string, index: number): string => `${prefix}${index.toString(16).padStart(31, '0')}`;
const bound = (
  gate: string,
  sequence: number,
  tag: number,
  ticket: number | 'none',
  { epoch = 0, settles = [] }: { readonly epoch?: number; readonly settles?: readonly MarkName[] } = {},
): BoundMark => ({
  ...baseOf({ gate, sequence }),
  at: { ms: eveningMs + sequence, counter: 0 },
  kind: 'bound',
  tagHash: idOf('a', tag),
  ticketId: ticket === 'none' ? '' : idOf('b', ticket),
  epoch: ticket === 'none' ? 0 : epoch,
  ...(settles.length === 0 ? {} : { settles }),
});

const take = (to: Database, marks: readonly BoundMark[]): Promise<void> =>
  to.transaction().execute(async (queries) => {
    await insertRows(
      queries,
      'mark',
      marks.map((mark) => toMarkRow(mark, { mark, bytes: encodeMark(mark) }, 0)),
    );
    await deriveBindings(queries, event, marks);
  });
const forget = (marks: readonly BoundMark[]): Promise<void> =>
  database.transaction().execute(async (queries) => {
    for (const { gate, boot, sequence } of marks)
      await queries
        .deleteFrom('mark')
        .where((where) => where.and({ event, gate, boot, sequence }))
        .execute();
    await forgetBindings(queries, event, marks);
  });
interface Listed {
  readonly id: string;
  readonly bindings: readonly string[];
}
const listed = async (): Promise<readonly Listed[]> => {
  const rows = await database
    .selectFrom('binding_conflict')
    .select(['id', 'bindings'])
    .where('event', '=', event)
    .execute();
  return rows
    .map(({ id, bindings }) => ({
      id,
      bindings: (JSON.parse(bindings) as MarkName[]).map((name) => markKey({ event, ...name })),
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
};
const folded = (marks: readonly BoundMark[]): readonly Listed[] =>
  foldBindings(marks, () => 1).conflicts.map(({ id, marks: of }) => ({ id, bindings: of.map(markKey) }));

/** What becomes of somebody who holds up one of the tags. */
const stateText = (state: TagState): string =>
  state.type === 'conflict'
    ? `${state.conflict.id} ${state.conflict.marks.map(markKey).join(' ')}`
    : JSON.stringify(state);
const tagsOfTests = [0, 1, 2].map((tag) => idOf('a', tag));
const statesRead = (): Promise<readonly string[]> =>
  Promise.all(tagsOfTests.map(async (tag) => stateText(await readTagState(database, event, tag))));
const statesFolded = (marks: readonly BoundMark[]): readonly string[] =>
  tagsOfTests.map((tag) => stateText(foldBindings(marks, () => 1).tag(tag)));

describe('conflicts in the database', () => {
  const anyMark = fc.record({
    gate: fc.constantFrom('gate-a', 'gate-b', 'gate-c'),
    tag: fc.nat({ max: 2 }),
    ticket: fc.oneof(fc.nat({ max: 2 }), fc.constant('none' as const)),
    epoch: fc.nat({ max: 1 }),
    settles: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
    arrival: fc.nat({ max: 100 }),
    goes: fc.boolean(),
  });

  it('are those that a gate folds out of all marks, in whatever order these come and go', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyMark, { minLength: 2, maxLength: 12 }), fc.nat({ max: 3 }), async (drawn, batch) => {
        const names = drawn.map(({ gate }, index) => {
          const { boot } = baseOf({ gate });
          return { gate, boot, sequence: index + 1 };
        });
        const marks = drawn.map(({ gate, tag, ticket, epoch, settles }, index) =>
          bound(gate, index + 1, tag, ticket, { epoch, settles: settles.flatMap((of) => names[of] ?? []) }),
        );
        const arriving = marks.toSorted(
          (a, b) => (drawn[a.sequence - 1]?.arrival ?? 0) - (drawn[b.sequence - 1]?.arrival ?? 0),
        );
        for (const table of ['mark', 'binding', 'binding_named', 'binding_conflict'] as const)
          await database.deleteFrom(table).execute();
        for (let start = 0; start < arriving.length; start += batch + 1)
          await take(database, arriving.slice(start, start + batch + 1));
        expect(await listed()).toEqual(folded(marks));
        expect(await statesRead()).toEqual(statesFolded(marks));
        const goes = ({ sequence }: BoundMark): boolean => drawn[sequence - 1]?.goes === true;
        await forget(marks.filter(goes));
        expect(await listed()).toEqual(folded(marks.filter((mark) => !goes(mark))));
        expect(await statesRead()).toEqual(statesFolded(marks.filter((mark) => !goes(mark))));
        const live = await listed();
        await database.transaction().execute((queries) => deriveBindingsAnew(queries, event));
        expect(await listed()).toEqual(live);
      }),
      { numRuns: databaseKind() === 'sqlite' ? 60 : 20 },
    );
  });
});

describe('a flood of bindings by one gate', () => {
  const floods: Readonly<Record<string, (sequence: number) => BoundMark>> = {
    'one tag, a ticket each time': (sequence) => bound('gate-x', sequence, 0, sequence),
    'one ticket, a tag each time': (sequence) => bound('gate-x', sequence, sequence, 0),
    'one tag and ticket': (sequence) => bound('gate-x', sequence, 0, 0),
    'one tag from one ticket to the next, as a card that is given back': (sequence) =>
      bound('gate-x', sequence, 0, sequence, {
        settles: sequence === 1 ? [] : [{ ...bound('gate-x', sequence - 1, 0, 0) }],
      }),
    'tags and tickets all over each other': (sequence) =>
      bound('gate-x', sequence, sequence % 2, Math.floor(sequence / 2) % 2),
    'one ticket with a higher epoch each time': (sequence) =>
      bound('gate-x', sequence, sequence % 2, 0, { epoch: sequence }),
    'one that ever more others name': (sequence) =>
      bound('gate-x', sequence, 0, 0, { settles: [{ ...bound('gate-y', 1, 1, 1) }] }),
  };

  /** What is asked of the database, and answered by it. */
  const counting = (): { readonly plugin: KyselyPlugin; readonly spent: () => number } => {
    let spent = 0;
    return {
      plugin: {
        transformQuery: ({ node }) => {
          spent += 1;
          return node;
        },
        transformResult: async ({ result }) => {
          spent += result.rows.length;
          return result;
        },
      },
      spent: () => spent,
    };
  };

  it.each(Object.keys(floods))('costs no more a mark the longer it goes on: %s', async (name) => {
    const make = floods[name] ?? expect.fail();
    const { plugin, spent } = counting();
    const counted = database.withPlugin(plugin);
    await take(counted, [bound('gate-a', 1, 0, 10_000)]);
    let made = 0;
    const goOnTo = async (size: number): Promise<void> => {
      while (made < size) {
        const marks = Array.from({ length: Math.min(200, size - made) }, (_, index) => make(made + 1 + index));
        await take(counted, marks);
        made += marks.length;
      }
    };
    const costOfOne = async (): Promise<number> => {
      const before = spent();
      made += 1;
      await take(counted, [make(made)]);
      return spent() - before;
    };
    // Past the hundred bindings that a conflict lists.
    await goOnTo(420);
    const early = await costOfOne();
    await goOnTo(1_620);
    expect(await costOfOne()).toBeLessThanOrEqual(early + 5);
    for (const { bindings } of await listed()) expect(bindings.length).toBeLessThanOrEqual(bindingsMax);
  });

  it('of dead bindings does not hide whose the tag is', async () => {
    const tag = idOf('a', 0);
    for (let start = 1; start <= 400; start += 200)
      await take(
        database,
        Array.from({ length: 200 }, (_, index) => [
          bound('gate-x', 2 * (start + index), 0, 0),
          bound('gate-x', 2 * (start + index) + 1, 1, 0, { epoch: 1 }),
        ]).flat(),
      );
    await take(database, [bound('gate-z', 1, 0, 10_000)]);
    expect(await readTagState(database, event, tag)).toEqual({ type: 'bound', ticketId: idOf('b', 10_000), epoch: 0 });
  });

  it('does not hide that an honest gate has bound the tag too', async () => {
    await take(database, [bound('gate-z', 1, 0, 10_000)]);
    for (let start = 1; start <= 400; start += 200)
      await take(
        database,
        Array.from({ length: 200 }, (_, index) => bound('gate-x', start + index, 0, 0)),
      );
    const conflict = (await listed()).find(({ bindings }) => bindings.some((key) => key.includes('/gate-z/')));
    expect(conflict?.bindings).toHaveLength(2);
  });

  // PostgreSQL plans by statistics, which a new table has none of.
  if (databaseKind() === 'sqlite')
    it('is answered by indexes alone, without a scan or a sort', async () => {
      const nodes = new Map<string, RootOperationNode>();
      const executor = database.getExecutor();
      const compile = (node: RootOperationNode): CompiledQuery => executor.compileQuery(node, { queryId: 'plan' });
      const collecting: KyselyPlugin = {
        transformQuery: ({ node }) => {
          nodes.set(compile(node).sql, node);
          return node;
        },
        transformResult: async ({ result }) => result,
      };
      const collected = database.withPlugin(collecting);
      for (const make of [floods['one tag, a ticket each time'], floods['one ticket, a tag each time']])
        await collected.transaction().execute(async (queries) => {
          const marks = Array.from({ length: 150 }, (_, index) => make?.(index + 1) ?? expect.fail());
          await deriveBindings(queries, event, marks);
        });
      expect(nodes.size).toBeGreaterThan(8);
      for (const node of nodes.values()) {
        const { sql, parameters } = compile(node);
        const { rows } = await database.executeQuery<{ readonly detail: string }>(
          CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
        );
        const bad = rows.filter(({ detail }) => /^SCAN (?!walk|CONSTANT)|TEMP B-TREE/.test(detail));
        expect({ sql, bad }).toEqual({ sql, bad: [] });
      }
    });
});

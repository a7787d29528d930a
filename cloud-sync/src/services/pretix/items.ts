// Products of a pretix event as ticket types: one for each product, or each of its variations, that the check-in lists let in. A type of
// the same name is taken if the event has one; else it is made, with the rules of the lists. What was made is the organiser's to change.
import { err, ok, type Result, type TicketType, type Zone } from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database, Queries } from '../../store/database.ts';
import { inTransaction, rulesLock } from '../../store/locks.ts';
import type { Schema } from '../../store/schema.ts';
import { readEvent } from '../events.ts';
import { checkInListSchema, type PretixCheckInList, type PretixItem } from './messages.ts';
import type { Failure } from '../problems.ts';

/** A check-in list of the server, and the zone whose uses go onto it. */
export const connectedListSchema = checkInListSchema.extend({ zone: z.string().optional() });
export type ConnectedList = z.infer<typeof connectedListSchema>;

export const chosenTypesSchema = z.array(
  z.object({ item: z.number(), variation: z.number().optional(), type: z.number().nullable() }),
);
export type ChosenTypes = z.infer<typeof chosenTypesSchema>;
export type ItemRow = Selectable<Schema['pretix_item']>;

interface Product {
  readonly item: number;
  /** 0: the product itself. */
  readonly variation: number;
  readonly name: string;
  /** That let it in. */
  readonly lists: readonly ConnectedList[];
}

const typesMax = 1_000;
const typeIdMax = 65_535;
const nameCharsMax = 100;

export interface StoredItems {
  /** A product that was left out is taken now, or is another type: all orders have to be read again. */
  readonly isRereadDue: boolean;
  /** The event has more types than before. */
  readonly isPolicyChanged: boolean;
}

/**
 * Stores what the products are here. `event-unknown`, `type-unknown`, `pretix-answer-wrong` for more products than an event can have types.
 */
export const storeItems = (
  database: Database,
  event: number,
  items: readonly PretixItem[],
  { lists, chosen }: { readonly lists: readonly ConnectedList[]; readonly chosen: ChosenTypes },
): Promise<Result<StoredItems, Failure>> =>
  inTransaction(database, rulesLock(event), async (queries): Promise<Result<StoredItems, Failure>> => {
    const record = await readEvent(queries, event);
    if (record === undefined) return err({ type: 'event-unknown' });
    const before = new Map((await readItems(queries, event)).map((row) => [keyOf(row.item, row.variation), row]));
    const types = [...record.policy.types];
    const rows: ItemRow[] = [];
    for (const product of items.flatMap((item) => toProducts(item, lists))) {
      const { item, variation, name } = product;
      const known = before.get(keyOf(item, variation))?.type ?? undefined;
      const type = typeOf(product, { chosen, types, known, zones: record.policy.zones });
      if (type !== null && !types.some(({ id }) => id === type))
        return err({ type: 'type-unknown', detail: `Event ${event} has no ticket type ${type} for "${name}".` });
      rows.push({ event, item, variation, name, type });
    }
    if (types.length > typesMax || types.some(({ id }) => id > typeIdMax))
      return err({ type: 'pretix-answer-wrong', detail: `More than ${typesMax} products that open a gate.` });
    const isPolicyChanged = types.length > record.policy.types.length;
    if (isPolicyChanged)
      await queries
        .updateTable('event')
        .set(({ eb }) => ({
          policy: JSON.stringify({ ...record.policy, types }),
          rules_revision: eb('rules_revision', '+', 1),
        }))
        .where('id', '=', event)
        .execute();
    // Products that are gone stay: orders may still name them.
    for (const { item, variation, name, type, ...row } of rows)
      await queries
        .insertInto('pretix_item')
        .values({ ...row, item, variation, name, type })
        .onConflict((conflict) => conflict.columns(['event', 'item', 'variation']).doUpdateSet({ name, type }))
        .execute();
    const isRereadDue = rows.some((row) => {
      const known = before.get(keyOf(row.item, row.variation));
      return known !== undefined && known.type !== row.type;
    });
    return ok({ isRereadDue, isPolicyChanged });
  });

export const readItems = (queries: Queries, event: number): Promise<readonly ItemRow[]> =>
  queries
    .selectFrom('pretix_item')
    .selectAll()
    .where('event', '=', event)
    .orderBy('item')
    .orderBy('variation')
    .execute();

export const keyOf = (item: number, variation: number | null): string => `${item}/${variation ?? 0}`;

/** An item either always has variations or never. */
function toProducts({ id, name, variations, admission }: PretixItem, lists: readonly ConnectedList[]): Product[] {
  const own = lists.filter((list) => (list.all_products ? admission : list.limit_products.includes(id)));
  const itemName = textOf(name);
  const product = (variation: number, text: string): Product => {
    const line = cleanLine(text.trim().slice(0, nameCharsMax)).trim();
    return { item: id, variation, name: line === '' ? `Product ${id}` : line, lists: own };
  };
  return variations.length === 0
    ? [product(0, itemName)]
    : variations.map(({ id: variation, value }) => product(variation, `${itemName}, ${textOf(value)}`));
}

/** The English text of a multi-lingual one, or its first. */
function textOf(names: PretixItem['name']): string {
  if (typeof names === 'string') return names;
  return [names['en'], ...Object.values(names)].find((text) => typeof text === 'string') ?? '';
}

/** Without control characters and halves of surrogate pairs. */
const cleanLine = (text: string): string => text.replace(/[\p{Cc}\p{Cs}]+/gu, ' ');

/** What was said, what it was before, a type of that name, or a new one, which goes to the end of `types`. */
function typeOf(
  { item, variation, name, lists }: Product,
  {
    chosen,
    types,
    known,
    zones,
  }: {
    readonly chosen: ChosenTypes;
    readonly types: TicketType[];
    readonly known: number | undefined;
    readonly zones: readonly Zone[];
  },
): number | null {
  const said = chosen.find((choice) => choice.item === item && [variation, undefined].includes(choice.variation));
  if (said !== undefined) return said.type;
  if (lists.length === 0) return null;
  if (known !== undefined && types.some(({ id }) => id === known)) return known;
  const named = types.find((type) => type.name === name);
  if (named !== undefined) return named.id;
  const id = Math.max(0, ...types.map((type) => type.id)) + 1;
  types.push({ id, name, ...rulesOf(lists, zones) });
  return id;
}

/** Into every zone if one of the lists is for all of them; in again after going out where somebody scans who goes out. */
function rulesOf(lists: readonly ConnectedList[], zones: readonly Zone[]): Omit<TicketType, 'id' | 'name'> {
  const opened = lists.some(({ zone }) => zone === undefined) ? [] : lists.flatMap(({ zone }) => zone ?? []);
  const isExitScanned = zones.some((zone) => zone.exitsScanned && (opened.length === 0 || opened.includes(zone.id)));
  return {
    zones: opened,
    uses: lists.some((list) => list.allow_multiple_entries) ? 0 : 1,
    reentry: isExitScanned && lists.some((list) => list.allow_entry_after_exit),
    antiPassbackMinutes: 0,
    oncePerDay: false,
    assuranceMin: 'looked-up',
    proofs: [],
  };
}

/** What the lists ask for and gates cannot know. */
export const warningsOf = (lists: readonly PretixCheckInList[]): readonly string[] =>
  lists.flatMap(({ name, rules, addon_match: addOnMatch }) => [
    ...(rules ? [`The check-in list "${name}" has rules of its own, which gates do not know.`] : []),
    ...(addOnMatch
      ? [`The check-in list "${name}" lets add-ons in by the ticket that they belong to; here each has its own code.`]
      : []),
  ]);

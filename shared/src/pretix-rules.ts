// What an event's rules say of the tickets that pretix has signed itself: by which keys, and what type of ticket each of its items is.
import { z } from 'zod';
import { hexToBytes } from './bytes.ts';

/** Ids that pretix gives: positive, and small enough to be exact. */
const pretixId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const pretixRulesSchema = z.object({
  /** Ed25519 public keys of the event at pretix, 64 hexadecimal digits each; pretix names them `valid_keys`. */
  keys: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .min(1)
    .max(16),
  /** The type of ticket (its id here) that an item is; where `variation` is given, that one alone. */
  items: z
    .array(z.object({ item: pretixId, variation: pretixId.optional(), type: z.number().int().min(0).max(65_535) }))
    .max(5_000)
    .default([]),
  /** Of an event series: the one date that this event is. */
  subevent: pretixId.optional(),
});
export type PretixRules = z.infer<typeof pretixRulesSchema>;

export interface PretixLookups {
  readonly publicKeys: readonly Uint8Array[];
  /** `variation`: 0 for an item without any. */
  readonly typeOf: (item: number, variation: number) => number | undefined;
  readonly subevent?: number;
}

const known = new WeakMap<PretixRules, PretixLookups>();

/** Of an event's policy. Asked at every scan: made once for the rules of a ticket list. */
export function pretixOf(policy: { readonly pretix?: PretixRules | undefined } | undefined): PretixLookups | undefined {
  const rules = policy?.pretix;
  if (rules === undefined) return undefined;
  const lookups = known.get(rules) ?? createLookups(rules);
  known.set(rules, lookups);
  return lookups;
}

function createLookups({ keys, items, subevent }: PretixRules): PretixLookups {
  const types = new Map(items.map(({ item, variation = 0, type }) => [`${item}/${variation}`, type]));
  return {
    publicKeys: keys.map((key) => hexToBytes(key)).filter((key) => key !== undefined),
    typeOf: (item, variation) => types.get(`${item}/${variation}`) ?? types.get(`${item}/0`),
    ...(subevent === undefined ? {} : { subevent }),
  };
}

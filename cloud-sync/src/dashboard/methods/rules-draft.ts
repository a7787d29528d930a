// The rules of an event while somebody changes them: ticket types and zones are added, changed and taken away in a copy, which replaces the
// rules as a whole. What no form shows (shares of gates, keys of pretix) stays as it is.
import type { AdmissionPolicy, TicketType, Zone } from '@postern/shared';

/** As `PUT /api/events/{event}/policy` takes it. */
export type Rules = Omit<AdmissionPolicy, 'event' | 'rehearsal'>;

export const rulesOf = ({ event: _event, rehearsal: _rehearsal, ...rules }: AdmissionPolicy): Rules => rules;

/** An id for people's addresses: `Hall 2, north` is `hall-2-north`, and another one where that is taken. */
export function zoneIdFor(name: string, taken: readonly string[]): string {
  const plain = name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 24)
    .replace(/-+$/, '');
  const base = plain === '' ? 'zone' : plain;
  let id = base;
  for (let number = 2; taken.includes(id); number++) id = `${base}-${number}`;
  return id;
}

const typeIdMax = 65_535;
/** The next number that no type has. */
export function typeIdFor(types: readonly Pick<TicketType, 'id'>[]): number {
  const taken = new Set(types.map(({ id }) => id));
  const next = Math.max(0, ...taken) + 1;
  if (next <= typeIdMax) return next;
  let free = 1;
  while (taken.has(free)) free++;
  return free;
}

export const newType = (types: readonly TicketType[], name = ''): TicketType => ({
  id: typeIdFor(types),
  name,
  zones: [],
  uses: 1,
  reentry: false,
  antiPassbackMinutes: 0,
  oncePerDay: false,
  assuranceMin: 'looked-up',
  proofs: [],
});

export const newZone = (zones: readonly Zone[], name: string): Zone => ({
  id: zoneIdFor(
    name,
    zones.map(({ id }) => id),
  ),
  name,
  exitsScanned: false,
  shares: {},
  whenShareSpent: 'supervisor',
});

/** `list` with the one at `index` changed, or taken away. */
export const changeAt = <T>(list: readonly T[], index: number, change: (item: T) => T): T[] =>
  list.map((item, at) => (at === index ? change(item) : item));
export const removeAt = <T>(list: readonly T[], index: number): T[] => list.filter((_item, at) => at !== index);

/** `object` with `key` set, or without it. */
export function withOptional<T extends object, K extends keyof T>(object: T, key: K, value: T[K] | undefined): T {
  const { [key]: _before, ...rest } = object;
  return (value === undefined ? rest : { ...rest, [key]: value }) as T;
}

/** A zone without its id in any ticket type. */
export const withoutZone = (rules: Rules, zone: string): Rules => ({
  ...rules,
  zones: rules.zones.filter(({ id }) => id !== zone),
  types: rules.types.map((type) => ({ ...type, zones: type.zones.filter((id) => id !== zone) })),
});

/** Whether taking the zone away would open others to a type: one without zones opens all of them. */
export const typesOnlyFor = (rules: Rules, zone: string): readonly TicketType[] =>
  rules.types.filter(({ zones }) => zones.length === 1 && zones[0] === zone);

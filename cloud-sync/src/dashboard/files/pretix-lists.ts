// Check-in lists as somebody types them: `12, 13:backstage` is list 12 for every zone without one of its own, and list 13 for the zone.
import type { PretixConnect } from '@postern/shared';

export type PretixLists = PretixConnect['lists'];

/** Undefined where it is not that. */
export function readLists(text: string): PretixLists | undefined {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const lists = parts.map((part) => {
    const [, id, zone] = /^(\d{1,15})(?:\s*:\s*(\S.*))?$/.exec(part) ?? [];
    return id === undefined ? undefined : { id: Number(id), ...(zone === undefined ? {} : { zone: zone.trim() }) };
  });
  return lists.length > 0 && lists.every((list) => list !== undefined) ? lists : undefined;
}

export const writeLists = (lists: PretixLists): string =>
  lists.map(({ id, zone }) => (zone === undefined ? String(id) : `${id}:${zone}`)).join(', ');

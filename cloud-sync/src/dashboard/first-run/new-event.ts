// The rules of a new event as somebody types them: names, a line each.
import { newType, newZone } from '../methods/rules-draft.ts';
import type { TicketType, Zone } from '@postern/shared';

export interface EventDraft {
  readonly name: string;
  readonly timeZone: string;
  readonly zones: string;
  readonly types: string;
}

const namesOf = (lines: string): readonly string[] => [
  ...new Set(
    lines
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  ),
];

/** `POST /api/events`; undefined while something is missing. */
export function toEvent(draft: EventDraft):
  | {
      readonly name: string;
      readonly timeZone: string;
      readonly zones: readonly Zone[];
      readonly types: readonly TicketType[];
    }
  | undefined {
  const [zoneNames, typeNames] = [namesOf(draft.zones), namesOf(draft.types)];
  if (draft.name.trim() === '' || zoneNames.length === 0 || typeNames.length === 0) return undefined;
  const zones: Zone[] = [];
  for (const name of zoneNames) zones.push(newZone(zones, name));
  const types: TicketType[] = [];
  for (const name of typeNames) types.push(newType(types, name));
  return { name: draft.name.trim(), timeZone: draft.timeZone, zones, types };
}

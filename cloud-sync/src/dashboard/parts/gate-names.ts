// What people call the gates of an event, for lists that name them by id. The cloud is one for what it has verified itself.
import { centralGate, type CoverageView } from '@postern/shared';
import { useAsked } from '../asking.ts';
import { say } from '../language.ts';

const cloud = { en: 'Cloud', de: 'Cloud' };

export function useGateNames(event: number): (gate: string) => string {
  const { value } = useAsked<CoverageView>(`/api/events/${event}/coverage`);
  const names = new Map(value?.gates.map(({ gate, name }) => [gate, name]));
  return (gate) => names.get(gate) ?? (gate === centralGate ? say(cloud) : gate);
}

// How the zone of an order is called; an order without one is for all of them.
import type { EventResponse } from '@postern/shared';
import { say } from '../language.ts';
import { labels } from './messages.ts';

export const zoneNameOf = ({ policy }: EventResponse, zone: string): string =>
  zone === '' ? say(labels.allZones) : (policy.zones.find(({ id }) => id === zone)?.name ?? zone);

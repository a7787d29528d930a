// What stands around faces: what an organiser says of them, and the links by which people enrol. The faces are made with the methods.
import type { AppDeps } from '../app.ts';
import { createFaceLinks } from '../services/face-links.ts';
import { createFaceSetups } from '../services/face-setup.ts';
import { createFindTicket } from '../services/ticket-of-event.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';

export type FaceServices = Pick<AppDeps, 'faceSetups' | 'faceLinks'>;

export function createFaceServices(
  foundation: Foundation,
  { readTicket, feed }: Pick<EventServices, 'readTicket' | 'feed'>,
  { readEffective }: Pick<Marks, 'readEffective'>,
): FaceServices {
  return {
    faceSetups: createFaceSetups({ ...foundation, changed: feed.changed }),
    faceLinks: createFaceLinks({ ...foundation, findTicket: createFindTicket(readTicket, readEffective) }),
  };
}

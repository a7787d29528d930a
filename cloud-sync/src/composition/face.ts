// Faces: what an organiser says of them, the links by which people enrol, and the faces themselves.
import type { AppDeps } from '../app.ts';
import { createFaceLinks } from '../services/face-links.ts';
import { createFaceSetups } from '../services/face-setup.ts';
import { createFaces } from '../services/faces.ts';
import { createFindTicket } from '../services/ticket-of-event.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';

export type FaceServices = Pick<AppDeps, 'faceSetups' | 'faceLinks' | 'faces'>;

export function createFaceServices(
  foundation: Foundation,
  { readTicket, feed }: Pick<EventServices, 'readTicket' | 'feed'>,
  { readEffective }: Pick<Marks, 'readEffective'>,
): FaceServices {
  const deps = { ...foundation, findTicket: createFindTicket(readTicket, readEffective), changed: feed.changed };
  return { faceSetups: createFaceSetups(deps), faceLinks: createFaceLinks(deps), faces: createFaces(deps) };
}

// Under which pseudonym somebody who acts through the cloud stands in the marks of an event: marks name nobody.
import type { Actor } from './actor.ts';
import type { Keys } from './keys.ts';

/** Characters of a per-event pseudonym, out of a keyed hash. */
const pseudonymCharacters = 10;

export const operatorOf = (
  keys: Pick<Keys, 'serverHash'>,
  { kind, id }: Pick<Actor, 'kind' | 'id'>,
  event: number,
): string => keys.serverHash('operator', `${event}/${kind}/${id}`).slice(0, pseudonymCharacters);

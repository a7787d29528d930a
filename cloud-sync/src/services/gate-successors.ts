// Which gate has come in whose place.
import type { Selectable } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** One that was revoked before any machine had joined by its code came in nobody's place. */
export const cameInItsPlace = ({
  revoked_at_ms,
  enrolled_at_ms,
}: Pick<Selectable<Schema['gate']>, 'revoked_at_ms' | 'enrolled_at_ms'>): boolean =>
  revoked_at_ms === null || enrolled_at_ms !== null;

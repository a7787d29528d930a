// All kinds of background work, in the one list that makes them exist, and what runs them.
import { createJobs, type JobService } from '../services/jobs/jobs.ts';
import { cleanUp } from '../services/jobs/clean-up.ts';
import type { JobKind, WatchedKind } from '../services/jobs/job-kind.ts';
import type { Foundation } from './foundation.ts';

export function createBackground(foundation: Foundation): JobService {
  const { database, clock } = foundation;
  const kinds: readonly JobKind[] = [cleanUp({ database, clock })];
  const watched: readonly WatchedKind[] = [];
  return createJobs({ ...foundation, kinds, watched });
}

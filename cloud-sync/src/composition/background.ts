// All kinds of background work, in the one list that makes them exist; what runs them, and the deadlines that some of them follow.
import type { AppDeps } from '../app.ts';
import { createEventDeadlines } from '../services/event-deadlines.ts';
import { createForgettings } from '../services/forget-visitors.ts';
import { cleanUp } from '../services/jobs/clean-up.ts';
import { eraseVisitors } from '../services/jobs/erase-visitors.ts';
import type { JobKind } from '../services/jobs/job-kind.ts';
import { createJobs, type JobService } from '../services/jobs/jobs.ts';
import { revokeUnscannedTickets } from '../services/jobs/revoke-unscanned.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';

export interface Background extends Pick<AppDeps, 'deadlines'> {
  readonly jobs: JobService;
}

export interface BackgroundServices {
  readonly marks: Pick<Marks, 'coverage'>;
  readonly feed: EventServices['feed'];
}

export function createBackground(foundation: Foundation, { marks, feed }: BackgroundServices): Background {
  const { database, clock, audit } = foundation;
  const kinds: readonly JobKind[] = [
    cleanUp({ database, clock }),
    revokeUnscannedTickets({ database, clock, audit, readCoverage: marks.coverage.read, changed: feed.changed }),
    eraseVisitors({ database, clock, forgettings: createForgettings({ audit }) }),
  ];
  const jobs = createJobs({ ...foundation, kinds });
  return { jobs, deadlines: createEventDeadlines({ database, clock, audit, jobs }) };
}

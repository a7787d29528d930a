// What a kind of background work is. Kinds stand in one list (composition/background.ts); everything else here knows them by that.
//
// A run may be begun again after its process has died in the middle of it, and a process that was only suspended may go on with one that
// another has taken over: so work is done in bounded transactions that can be repeated, each of which asks `fence` first.
import type { JobResult, Logger, Result } from '@postern/shared';
import type { z } from 'zod';
import type { Queries } from '../../store/database.ts';

export interface JobFailure {
  /** Code, kebab-case. */
  readonly type: string;
  /** One sentence for people: what went wrong, and what to do. */
  readonly detail: string;
  /** How far it came. */
  readonly result?: JobResult;
}

export interface JobContext<P> {
  /** Id of the run. */
  readonly run: string;
  /** 0 where it is about no single event. */
  readonly event: number;
  readonly parameters: P;
  /** Aborted when the run is cancelled, the service stops, or another process has the run: end soon, at a place to go on from. */
  readonly signal: AbortSignal;
  /** Progress; as often as one likes, it is stored once in a while. */
  readonly report: (done: number, total?: number) => void;
  readonly log: Logger;
  /** Inside a transaction of the work: throws, and so rolls it back, where the run is no longer ours. */
  readonly fence: (queries: Queries) => Promise<void>;
}

export interface JobKind<P = unknown> {
  /** Kebab-case. */
  readonly name: string;
  /** What it does, for lists. */
  readonly title: string;
  readonly about: 'deployment' | 'event';
  /** When it runs by itself: cron, in UTC; only for kinds about the deployment. */
  readonly schedule?: string;
  /** When there will be something to do, Unix ms, should that be before the schedule's time; asked whenever a run of it has ended. */
  readonly nextDueMs?: () => Promise<number | undefined>;
  /** Whether people may begin it by `run now`, without parameters. */
  readonly runNow: boolean;
  /** Any number at a time; by default one for the deployment, or one for each event. */
  readonly isManyAtOnce?: boolean;
  /** A run that waits stays as it was begun, and another is refused as while it is under way; by default it becomes the other. */
  readonly isKeptWaiting?: boolean;
  /** Of what `start` is given and the table keeps as JSON: no secrets. */
  readonly parameters: z.ZodType<P>;
  /** Resolves soon after `signal` is aborted, with what was done until then. */
  readonly run: (context: JobContext<P>) => Promise<Result<JobResult, JobFailure>>;
}

/** For the list of kinds, in which each has parameters of its own. */
export const defineJob = <P>(kind: JobKind<P>): JobKind => kind as JobKind;

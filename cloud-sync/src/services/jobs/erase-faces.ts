// Destroys the keys of faces whose time is over: of events that ended so many hours ago as was promised, of tickets that somebody else has now, and
// of events that have said good-bye to faces. Gates stop using a face by their own clocks; this is what takes it away everywhere.
import { ok, type Clock, type FaceEnd } from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../../store/database.ts';
import { systemActor, type Audit } from '../audit.ts';
import { endFaces } from '../face-rows.ts';
import { defineJob, type JobKind } from './job-kind.ts';

const facesPerTransaction = 500;
const hourMs = 3_600_000;

export interface EraseFacesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  readonly changed: (event: number) => void;
}

export const eraseFaces = ({ database, clock, audit, changed }: EraseFacesDeps): JobKind =>
  defineJob({
    name: 'erase-faces',
    title: 'Destroys the keys of faces whose time is over, or whose ticket somebody else has now',
    about: 'deployment',
    schedule: '*/5 * * * *',
    runNow: true,
    parameters: z.strictObject({}),
    run: async ({ signal, fence }) => {
      const counts = { retention: 0, 'passed-on': 0 };
      const events = await database
        .selectFrom('face')
        .select('event')
        .distinct()
        .where('ended_at_ms', 'is', null)
        .execute();
      for (const { event } of events)
        for (const end of ['retention', 'passed-on'] as const) {
          const before = counts[end];
          while (!signal.aborted) {
            const ended = await database.transaction().execute(async (queries) => {
              await fence(queries);
              const subjects = await findDue(queries, event, end, clock.wallMs());
              const faces = await endFaces(queries, event, subjects, end, clock.wallMs());
              if (faces > 0)
                await audit.record(queries, {
                  action: 'face-ended',
                  actor: systemActor,
                  event,
                  reason: end,
                  details: { faces },
                });
              return faces;
            });
            counts[end] += ended;
            if (ended === 0) break;
          }
          if (counts[end] > before) changed(event);
        }
      const faces = counts.retention + counts['passed-on'];
      return ok({ counts, summary: faces === 0 ? 'No face was due.' : `Destroyed the keys of ${faces} faces.` });
    },
  });

async function findDue(
  queries: Queries,
  event: number,
  end: Extract<FaceEnd, 'retention' | 'passed-on'>,
  nowMs: number,
): Promise<readonly string[]> {
  const faces = queries
    .selectFrom('face')
    .select('face.subject')
    .where('face.event', '=', event)
    .where('face.ended_at_ms', 'is', null)
    .limit(facesPerTransaction);
  const due =
    end === 'retention'
      ? faces
          .leftJoin('face_setup', 'face_setup.event', 'face.event')
          .leftJoin('event_deadline', 'event_deadline.event', 'face.event')
          .where(({ eb }) =>
            eb.or([
              eb('face_setup.event', 'is', null),
              eb('event_deadline.ends_at_ms', 'is', null),
              eb(eb('event_deadline.ends_at_ms', '+', eb('face_setup.keep_hours', '*', hourMs)), '<=', nowMs),
            ]),
          )
      : faces
          .leftJoin('ticket', (join) =>
            join.onRef('ticket.event', '=', 'face.event').onRef('ticket.id', '=', 'face.ticket'),
          )
          .where(({ eb }) => eb.or([eb('ticket.id', 'is', null), eb('ticket.epoch', '>', eb.ref('face.epoch'))]));
  return (await due.execute()).map(({ subject }) => subject);
}

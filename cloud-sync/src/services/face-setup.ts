// What an organiser has said of faces at an event, and whether that is enough for anybody to enrol: consent texts with a version, a data
// protection impact assessment, a least age, and the event's end, from which the time runs after which no face is kept.
import {
  err,
  faceMethodId,
  faceRulesSchema,
  ok,
  type AdmissionPolicy,
  type ConsentTexts,
  type FaceLack,
  type FaceRules,
  type FaceSetup,
  type FaceSetupRequest,
  type Result,
  type Clock,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { transact } from '../store/transact.ts';
import type { Audit, EntryOf } from './audit.ts';
import { raiseRulesRevision, readEvent } from './events.ts';
import { endFaces } from './face-rows.ts';
import type { Failure } from './problems.ts';

const hourMs = 3_600_000;
/** Faces of one statement. */
const facesAtATime = 500;

export interface FaceSetups {
  /** `event-unknown`, `face-unset`. */
  readonly read: (event: number) => Promise<Result<FaceSetup, Failure>>;
  /** `consent-text-published` where a text would change that people may have agreed to. */
  readonly set: (event: number, setup: FaceSetupRequest, entry?: EntryOf) => Promise<Result<FaceSetup, Failure>>;
  /** Takes faces away from the event, and every face with them. */
  readonly remove: (event: number, entry?: EntryOf) => Promise<Result<undefined, Failure>>;
  /** Of a database out of a backup: who has withdrawn since must not come back, and nobody knows who. Answers how many faces ended. */
  readonly endAfterRestore: () => Promise<number>;
}

export interface FaceSetupsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: Pick<Audit, 'record'>;
  /** Gates have to hear of it. */
  readonly changed: (event: number) => void;
}

export function createFaceSetups({ database, clock, audit, changed }: FaceSetupsDeps): FaceSetups {
  const read: FaceSetups['read'] = async (event) => {
    if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
    const setup = await readFaceSetup(database, event);
    return setup === undefined ? err({ type: 'face-unset' }) : ok(setup);
  };
  const endAll = async (queries: Queries, event: number): Promise<number> => {
    let faces = 0;
    for (;;) {
      const subjects = await facesInForce(queries, event, facesAtATime);
      if (subjects.length === 0) return faces;
      faces += await endFaces(queries, event, subjects, 'erased', clock.wallMs());
    }
  };
  return {
    read,

    set: async (event, { consent, dpia, ageMin, keepHours, ...rules }, entry) => {
      const set = await transact(database, async (queries): Promise<Result<undefined, Failure>> => {
        if ((await raiseRulesRevision(queries, event)) === undefined) return err({ type: 'event-unknown' });
        const changedText = consent === undefined ? undefined : await publishTexts(queries, event, consent);
        if (changedText !== undefined) return err(changedText);
        const columns = {
          text_version: consent?.version ?? null,
          dpia: dpia ?? null,
          age_min: ageMin ?? null,
          keep_hours: keepHours,
          rules: JSON.stringify(rules),
        };
        await queries
          .insertInto('face_setup')
          .values({ event, ...columns })
          .onConflict((conflict) => conflict.column('event').doUpdateSet(columns))
          .execute();
        const details = {
          keepHours,
          ...(consent === undefined ? {} : { consent: consent.version }),
          ...(dpia === undefined ? {} : { dpia }),
          ...(ageMin === undefined ? {} : { ageMin }),
        };
        if (entry !== undefined) await audit.record(queries, entry({ event, subject: 'face', details }));
        return ok(undefined);
      });
      if (!set.ok) return set;
      changed(event);
      return read(event);
    },

    remove: async (event, entry) => {
      const found = await read(event);
      if (!found.ok) return found;
      await database.transaction().execute(async (queries) => {
        await queries.deleteFrom('face_setup').where('event', '=', event).execute();
        await queries.deleteFrom('face_link').where('event', '=', event).where('subject', 'is', null).execute();
        await raiseRulesRevision(queries, event);
        const faces = await endAll(queries, event);
        if (entry !== undefined) await audit.record(queries, entry({ event, subject: 'face', details: { faces } }));
      });
      changed(event);
      return ok(undefined);
    },

    endAfterRestore: () =>
      database.transaction().execute(async (queries) => {
        const events = await queries.selectFrom('face_setup').select('event').execute();
        let faces = 0;
        for (const { event } of events) faces += await endAll(queries, event);
        return faces;
      }),
  };
}

export async function facesInForce(queries: Queries, event: number, max: number): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('face')
    .select('subject')
    .where('event', '=', event)
    .where('ended_at_ms', 'is', null)
    .limit(max)
    .execute();
  return rows.map(({ subject }) => subject);
}

/** Undefined where the event has no faces. */
export async function readFaceSetup(queries: Queries, event: number): Promise<FaceSetup | undefined> {
  const row = await queries
    .selectFrom('face_setup')
    .leftJoin('event_deadline', 'event_deadline.event', 'face_setup.event')
    .selectAll('face_setup')
    .select('event_deadline.ends_at_ms')
    .where('face_setup.event', '=', event)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const consent = row.text_version === null ? undefined : await readConsentTexts(queries, event, row.text_version);
  const missing: FaceLack[] = [
    ...(consent === undefined ? (['consent'] as const) : []),
    ...(row.dpia === null ? (['dpia'] as const) : []),
    ...(row.age_min === null ? (['ageMin'] as const) : []),
    ...(row.ends_at_ms === null ? (['end'] as const) : []),
  ];
  const { distanceMax, lookS } = rulesSchema.parse(JSON.parse(row.rules));
  return {
    ...(consent === undefined ? {} : { consent }),
    ...(row.dpia === null ? {} : { dpia: row.dpia }),
    ...(row.age_min === null ? {} : { ageMin: row.age_min }),
    keepHours: row.keep_hours,
    distanceMax,
    lookS,
    ...(row.ends_at_ms === null ? {} : { erasesAtMs: row.ends_at_ms + row.keep_hours * hourMs }),
    missing,
  };
}

const rulesSchema = faceRulesSchema.omit({ untilS: true });

/** What gates go by: undefined where the event has no faces, or nobody has said when they end. */
export async function readFaceRules(queries: Queries, event: number): Promise<FaceRules | undefined> {
  const setup = await readFaceSetup(queries, event);
  if (setup?.erasesAtMs === undefined) return undefined;
  const { distanceMax, lookS, erasesAtMs } = setup;
  return { distanceMax, lookS, untilS: Math.floor(erasesAtMs / 1_000) };
}

/** An event's rules with what gates go by: nothing where faces are switched off, and then gates keep none. */
export async function withFaceRules(queries: Queries, policy: AdmissionPolicy): Promise<AdmissionPolicy> {
  if (policy.methodsOff.includes(faceMethodId)) return policy;
  const face = await readFaceRules(queries, policy.event);
  return face === undefined ? policy : { ...policy, face };
}

export async function readConsentTexts(
  queries: Queries,
  event: number,
  version: string,
): Promise<ConsentTexts | undefined> {
  const rows = await queries
    .selectFrom('face_text')
    .select(['language', 'text'])
    .where('event', '=', event)
    .where('version', '=', version)
    .orderBy('language')
    .execute();
  return rows.length === 0
    ? undefined
    : { version, texts: Object.fromEntries(rows.map(({ language, text }) => [language, text])) };
}

/** A version may get further languages; a text that is out stays as it is. */
async function publishTexts(
  queries: Queries,
  event: number,
  { version, texts }: ConsentTexts,
): Promise<Failure | undefined> {
  const published = (await readConsentTexts(queries, event, version))?.texts ?? {};
  const altered = Object.keys(published).find((language) => published[language] !== texts[language]);
  if (altered !== undefined)
    return {
      type: 'consent-text-published',
      detail: `Version "${version}" is out in "${altered}" with another text: give the new text a new version.`,
    };
  const fresh = Object.entries(texts).filter(([language]) => published[language] === undefined);
  for (const [language, text] of fresh)
    await queries.insertInto('face_text').values({ event, version, language, text }).execute();
  return undefined;
}

// Faces of an event's visitors: enrolling one with its consent, withdrawing it, and telling the subject what is kept. A template exists in the
// clear only while one of these runs; it is sealed before it is stored and never part of a log, an audit entry or an answer to staff.
import {
  err,
  faceMethodId,
  faceQualitySchema,
  facesMax,
  ok,
  type Clock,
  type CredentialView,
  type FaceConsent,
  type FaceEnd,
  type FaceEnrolled,
  type FaceEnrolmentRequest,
  type FaceExport,
  type FaceStatus,
  type FaceSubject,
  type Random,
  type Result,
  type Ticket,
} from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import { lockTickets } from '../store/locks.ts';
import { transact } from '../store/transact.ts';
import { isStaff, type Actor } from './actor.ts';
import type { Audit, EntryOf } from './audit.ts';
import { checkFrames } from './face-enrolment-check.ts';
import { useLink, type FaceLinkRow } from './face-links.ts';
import { checkOpen } from './face-open.ts';
import { beginFace, endFaces, faceSubjects, openFaceRow, toConsent, type FaceRow } from './face-rows.ts';
import { readConsentTexts, readFaceSetup } from './face-setup.ts';
import { makeSecret } from './grants.ts';
import type { Failure } from './problems.ts';
import type { FindTicket } from './ticket-of-event.ts';
import type { Vault } from './vault.ts';

/** Consents of one ticket that are shown. */
const consentsMax = 50;
const credentialIdChars = 16;

/** Who enrols: with a link, or signed in. */
export type FaceSender = { readonly link: FaceLinkRow } | { readonly actor: Actor };

/** What is answered, and what the list of the ticket's credentials calls it. */
export interface Enrolled {
  readonly answer: FaceEnrolled;
  readonly credential: CredentialView;
}

export interface Faces {
  /**
   * What `checkOpen` and `checkFrames` refuse; `consent-outdated`, `faces-too-many`, `link-invalid` where another request has used the link
   * meanwhile or the ticket has passed on since it was made, `ticket-not-valid` where the ticket has just changed.
   */
  readonly enrol: (
    ticketId: string,
    request: FaceEnrolmentRequest,
    sender: FaceSender,
    entry?: EntryOf,
  ) => Promise<Result<Enrolled, Failure>>;
  readonly status: (ticketId: string) => Promise<Result<FaceStatus, Failure>>;
  /** `face-unknown` where the ticket has none. */
  readonly withdraw: (ticketId: string, entry?: EntryOf) => Promise<Result<undefined, Failure>>;
  /** For who has a link or a subject's token. */
  readonly subject: (link: FaceLinkRow) => Promise<Result<FaceSubject, Failure>>;
  /** `face-unknown` where it is gone, or nobody has enrolled by the link. */
  readonly withdrawSubject: (link: FaceLinkRow, entry?: EntryOf) => Promise<Result<undefined, Failure>>;
  /** For the person whose face it is: who holds the ticket, or the subject's token. */
  readonly exportOf: (
    about: { readonly ticketId: string } | { readonly link: FaceLinkRow },
    entry?: EntryOf,
  ) => Promise<Result<FaceExport, Failure>>;
}

export interface FacesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: Vault;
  readonly audit: Pick<Audit, 'record'>;
  readonly findTicket: FindTicket;
  /** Gates have to hear of it. */
  readonly changed: (event: number) => void;
}

export function createFaces(deps: FacesDeps): Faces {
  const { database, clock, random, vault, audit, findTicket, changed } = deps;

  const endSubjects = async (
    event: number,
    find: (queries: Queries) => Promise<readonly string[]>,
    end: FaceEnd,
    entry: EntryOf | undefined,
  ): Promise<Result<undefined, Failure>> => {
    const ended = await database.transaction().execute(async (queries) => {
      const subjects = await find(queries);
      const number = await endFaces(queries, event, subjects, end, clock.wallMs());
      if (number > 0 && entry !== undefined)
        await audit.record(queries, entry({ event, reason: end, subject: subjects[0] ?? '' }));
      return number;
    });
    if (ended === 0) return err({ type: 'face-unknown' });
    changed(event);
    return ok(undefined);
  };

  return {
    enrol: async (ticketId, request, sender, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      // Made for who had the ticket then.
      if ('link' in sender && sender.link.epoch !== ticket.epoch) return err({ type: 'link-invalid' });
      const nowMs = clock.wallMs();
      const open = await checkOpen(database, found.value, nowMs);
      if (!open.ok) return open;
      const { consent, ageMin, erasesAtMs, distanceMax } = open.value;
      const { version, language } = request.consent;
      if (version !== consent.version || consent.texts[language] === undefined)
        return err({ type: 'consent-outdated', detail: `The text in force is version "${consent.version}".` });
      const template = checkFrames(request, distanceMax);
      if (!template.ok) return template;
      const token = 'link' in sender ? makeSecret(random) : undefined;
      const by = 'link' in sender ? 'link' : isStaff(sender.actor, event.id) ? 'staff' : 'holder';
      const stored = await transact(database, async (queries): Promise<Result<string, Failure>> => {
        await lockTickets(queries, event.id, [ticketId]);
        if (!(await isStill(queries, event.id, ticket))) return err({ type: 'ticket-not-valid' });
        if ((await countFaces(queries, event.id)) >= facesMax) return err({ type: 'faces-too-many' });
        const subject = await beginFace(queries, deps, {
          event: event.id,
          ticketId,
          epoch: ticket.epoch,
          model: request.model,
          version: request.version,
          template: template.value,
          quality: request.frames.map(({ quality }) => quality),
          consent: { version, language, ageMin, by },
          nowMs,
        });
        if ('link' in sender && token !== undefined) {
          const times = { nowMs, untilMs: erasesAtMs };
          if (!(await useLink(queries, sender.link, subject, token, times))) return err({ type: 'link-invalid' });
        }
        await queries
          .insertInto('credential')
          .values({
            event: event.id,
            ticket: ticketId,
            method: faceMethodId,
            credential: subject.slice(0, credentialIdChars),
            epoch: ticket.epoch,
            generated_at_ms: nowMs,
          })
          .execute();
        const details = { consent: version, language, by, frames: request.frames.length };
        if (entry !== undefined)
          await audit.record(queries, entry({ event: event.id, ticket: ticketId, subject, details }));
        return ok(subject.slice(0, credentialIdChars));
      });
      template.value.fill(0);
      if (!stored.ok) return stored;
      changed(event.id);
      return ok({
        answer: { ticket: ticketId, agreedAtMs: nowMs, erasesAtMs, ...(token === undefined ? {} : { token }) },
        credential: { method: faceMethodId, id: stored.value, epoch: ticket.epoch, generatedAtMs: nowMs },
      });
    },

    status: async (ticketId) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { event, ticket } = found.value;
      const setup = await readFaceSetup(database, event.id);
      const rows = await readRowsOfHolder(database, event.id, ticket);
      return ok({
        ticket: ticketId,
        enrolled: rows.some((row) => row.ended_at_ms === null),
        ...(setup?.erasesAtMs === undefined ? {} : { erasesAtMs: setup.erasesAtMs }),
        consents: consentsOf(rows),
      });
    },

    withdraw: async (ticketId, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { id } = found.value.event;
      return endSubjects(id, (queries) => faceSubjects(queries, id, ticketId), 'withdrawn', entry);
    },

    subject: async (link) => {
      const found = await findTicket(link.ticket);
      if (!found.ok) return found;
      const { event, ticket } = found.value;
      const setup = await readFaceSetup(database, event.id);
      if (setup === undefined && link.subject === null) return err({ type: 'face-unset' });
      if (link.subject === null && ticket.epoch !== link.epoch) return err({ type: 'link-invalid' });
      const rows = link.subject === null ? [] : await readRows(database, event.id, { subject: link.subject });
      const isInForce = rows.some((row) => row.ended_at_ms === null);
      return ok({
        event: { id: event.id, name: event.policy.name },
        state: link.subject === null ? 'open' : isInForce ? 'enrolled' : 'ended',
        ...(setup?.consent === undefined ? {} : { consent: setup.consent }),
        ...(setup?.ageMin === undefined ? {} : { ageMin: setup.ageMin }),
        ...(setup?.erasesAtMs === undefined ? {} : { erasesAtMs: setup.erasesAtMs }),
        ...(setup === undefined ? {} : { distanceMax: setup.distanceMax }),
        consents: consentsOf(rows),
      });
    },

    withdrawSubject: async ({ event, ticket, subject }, entry) => {
      if (subject === null) return err({ type: 'face-unknown' });
      const about: EntryOf | undefined = entry && ((addition) => entry({ ...addition, ticket }));
      return endSubjects(event, async () => [subject], 'withdrawn', about);
    },

    exportOf: async (about, entry) => {
      const ticketId = 'link' in about ? about.link.ticket : about.ticketId;
      if ('link' in about && about.link.subject === null) return err({ type: 'face-unknown' });
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { event, ticket } = found.value;
      const setup = await readFaceSetup(database, event.id);
      const rows =
        'link' in about
          ? await readRows(database, event.id, { subject: about.link.subject ?? '' })
          : await readRowsOfHolder(database, event.id, ticket);
      const current = rows.find((row) => row.ended_at_ms === null);
      const template = current === undefined ? undefined : await openFaceRow(database, vault, current);
      const consents: FaceExport['consents'] = [];
      for (const consent of consentsOf(rows)) {
        const text = (await readConsentTexts(database, event.id, consent.version))?.texts[consent.language];
        consents.push({ ...consent, ...(text === undefined ? {} : { text }) });
      }
      if (entry !== undefined)
        await database
          .transaction()
          .execute((queries) => audit.record(queries, entry({ event: event.id, ticket: ticketId })));
      return ok({
        event: { id: event.id, name: event.policy.name },
        ticket: ticketId,
        madeAtMs: clock.wallMs(),
        ...(setup?.dpia === undefined ? {} : { dpia: setup.dpia }),
        ...(setup?.erasesAtMs === undefined ? {} : { erasesAtMs: setup.erasesAtMs }),
        consents,
        ...(current === undefined || template === undefined
          ? {}
          : {
              face: {
                model: current.model,
                version: current.version,
                template: Buffer.from(template).toString('base64'),
                frames: z.array(faceQualitySchema).parse(JSON.parse(current.quality ?? '[]')),
              },
            }),
      });
    },
  };
}

/** The latest first. */
async function readRows(
  queries: Queries,
  event: number,
  by: { readonly ticket: string } | { readonly subject: string },
): Promise<readonly FaceRow[]> {
  const select = queries.selectFrom('face').selectAll().where('event', '=', event);
  const filtered = 'ticket' in by ? select.where('ticket', '=', by.ticket) : select.where('subject', '=', by.subject);
  return filtered.orderBy('from_revision', 'desc').limit(consentsMax).execute();
}

/** Who holds the ticket now is told of the faces of its epoch, not of who had it before. */
const readRowsOfHolder = async (queries: Queries, event: number, { id, epoch }: Ticket): Promise<readonly FaceRow[]> =>
  (await readRows(queries, event, { ticket: id })).filter((row) => row.epoch === epoch);

const consentsOf = (rows: readonly FaceRow[]): FaceConsent[] => rows.flatMap((row) => toConsent(row) ?? []);

/** Nobody has passed it on or cancelled it since it was looked at. */
async function isStill(
  queries: Queries,
  event: number,
  { id, epoch }: { readonly id: string; readonly epoch: number },
): Promise<boolean> {
  const row = await queries
    .selectFrom('ticket')
    .select('id')
    .where('event', '=', event)
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .where('status', '=', 'valid')
    .executeTakeFirst();
  return row !== undefined;
}

async function countFaces(queries: Queries, event: number): Promise<number> {
  const { count } = await queries
    .selectFrom('face')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('event', '=', event)
    .where('ended_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

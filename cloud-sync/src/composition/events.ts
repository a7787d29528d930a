// Events with their tickets, staff and gates, and how those learn of a change: gates by the feed, live pages by pokes.
import { join } from 'node:path';
import { bytesToHex, centralGate, type AdmissionPolicy } from '@postern/shared';
import type { AppDeps } from '../app.ts';
import { openAuthority } from '../services/authority.ts';
import { createDevices } from '../services/devices.ts';
import { createEnrolmentCodes, type EnrolmentCodes } from '../services/enrolment-codes.ts';
import { createEvents } from '../services/events.ts';
import { createFaceFeed, type FaceFeed } from '../services/face-feed.ts';
import { createFeedFiles } from '../services/feed-files.ts';
import { createFeed } from '../services/feed.ts';
import { withFaceRules } from '../services/face-setup.ts';
import { createMethodSwitches } from '../services/method-switches.ts';
import { createPokes } from '../services/pokes.ts';
import { createStaff } from '../services/staff.ts';
import { createSubjects } from '../services/subjects.ts';
import { createTicketExports, type TicketExports } from '../services/ticket-export.ts';
import { createTicketFileImports, type TicketFileImports } from '../services/ticket-file-import.ts';
import { createTicketImports, type TicketImports } from '../services/ticket-import.ts';
import { createTicketUploads, type TicketUploads } from '../services/ticket-uploads.ts';
import { createWebAuthority } from '../services/web-authority.ts';
import { createTickets } from '../services/tickets.ts';
import { isPostgresUrl, openChannel } from '../store/database.ts';
import { createFeedParts } from '../store/feed-parts.ts';
import { withRehearsal } from '../store/rehearsals.ts';
import { createTicketReader, type TicketReader } from '../store/ticket-reads.ts';
import type { Foundation } from './foundation.ts';

export interface EventServices extends Pick<
  AppDeps,
  | 'events'
  | 'tickets'
  | 'subjects'
  | 'staff'
  | 'devices'
  | 'switches'
  | 'feed'
  | 'files'
  | 'authority'
  | 'webAuthority'
  | 'pokes'
> {
  readonly readTicket: TicketReader;
  readonly faceFeed: FaceFeed;
  readonly enrolmentCodes: EnrolmentCodes;
  /** An event's rules with everything that is switched off for it, and what has been said of faces. */
  readonly effectivePolicy: (policy: AdmissionPolicy) => Promise<AdmissionPolicy>;
  readonly ticketImports: TicketImports;
  readonly ticketFileImports: TicketFileImports;
  readonly ticketExports: TicketExports;
  readonly uploads: TicketUploads;
  /** Ends what carries pokes to other processes. */
  readonly closeChannel: () => Promise<void>;
}

const processIdBytes = 8;

export async function openEvents(foundation: Foundation): Promise<EventServices> {
  const { config, log, clock, random, timer, database, vault, keys, audit, limiter, publicUrl, watchedWork, outbox } =
    foundation;
  const channel = openChannel(config.database, {
    log,
    received: (message) => pokes.receive(message),
    missed: () => pokes.wakeAll(),
  });
  const pokes = createPokes({ timer, send: channel?.send, processId: bytesToHex(random(processIdBytes)) });
  const authority = await openAuthority({ database, keys, clock, random });
  const parts = isPostgresUrl(config.database) ? createFeedParts(database) : undefined;
  const files = createFeedFiles(join(config.data, 'feed'), random, parts);
  const switches = createMethodSwitches({
    database,
    clock,
    audit,
    environment: new Map(config.methodsOff.map((id) => [id, false])),
    changed: (event) => feed.changed(event),
  });
  const effectivePolicy = async (policy: AdmissionPolicy): Promise<AdmissionPolicy> =>
    withRehearsal(database, await withFaceRules(database, await switches.effectivePolicy(database, policy)));
  const faceFeed = createFaceFeed({ database, clock, vault });
  const feed = createFeed({
    database,
    clock,
    timer,
    keys,
    authority,
    files,
    log,
    published: pokes.poke,
    note: watchedWork.note,
    effectivePolicy,
    faces: faceFeed,
    central: {
      id: centralGate,
      name: 'Cloud',
      zone: '',
      publicKey: bytesToHex(keys.central.publicKey),
      certificate: await authority.certifyOwn(centralGate, keys.central.publicKey),
    },
  });
  const { changed } = feed;
  const enrolmentCodes = createEnrolmentCodes({ clock, random, keys, publicUrl });
  const readTicket = createTicketReader(database);
  const ticketImports = createTicketImports({ database, clock, random, audit, changed, tell: outbox.tellTickets });
  return {
    events: createEvents({ database, clock, random }),
    tickets: createTickets({ database, clock, random, keys, changed, tell: outbox.tellTickets }),
    ticketExports: createTicketExports(database),
    uploads: createTicketUploads({
      random,
      database,
      clock,
      files: createFeedFiles(join(config.data, 'uploads'), random, parts),
    }),
    ticketImports,
    ticketFileImports: createTicketFileImports({ database, ticketImports }),
    readTicket,
    faceFeed,
    effectivePolicy,
    subjects: createSubjects(database, readTicket),
    staff: createStaff({ database, clock, random, changed }),
    enrolmentCodes,
    devices: createDevices({ database, clock, codes: enrolmentCodes, authority, limiter, changed }),
    switches,
    feed,
    files,
    authority,
    webAuthority: createWebAuthority({ domain: config.gateDomain, database, keys, clock, random }),
    pokes,
    closeChannel: async () => channel?.close(),
  };
}

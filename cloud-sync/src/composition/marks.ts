// Where marks come in, and what they come to: gates send theirs, the cloud makes its own as it verifies, and both are folded into
// stories, uses and reports.
import { createIngest, err, faceMethodId, loadLedger, ok } from '@postern/shared';
import type { AppDeps } from '../app.ts';
import { createBandDesk } from '../services/band-desk.ts';
import { createBandImports } from '../services/band-import.ts';
import { createBindingConflicts } from '../services/binding-conflicts.ts';
import { createCases } from '../services/cases.ts';
import { createCentralGate, type CentralGate } from '../services/central-gate.ts';
import { createRollCalls } from '../services/central-roll-call.ts';
import { followCorrections, followingCorrections } from '../services/corrected-stories.ts';
import { createCoverage } from '../services/coverage.ts';
import { createCredentials, type Credentials } from '../services/credentials.ts';
import { createDenials } from '../services/denials.ts';
import { deriveRows, underiveRows } from '../services/derived-rows.ts';
import { readEvent } from '../services/events.ts';
import { createReadKnownFace } from '../services/known-face.ts';
import { generateFace } from '../services/face-generate.ts';
import { createFaces } from '../services/faces.ts';
import { createGateMachines } from '../services/gate-machines.ts';
import { createGateViews } from '../services/gate-views.ts';
import { createReadLive } from '../services/live.ts';
import { countEntriesByGate } from '../services/live-figures.ts';
import { createLiveStates } from '../services/live-states.ts';
import { createOrders } from '../services/orders.ts';
import { createQuarantine } from '../services/quarantine.ts';
import { createOfflineRisk } from '../services/offline-risk.ts';
import { createRehearsals } from '../services/rehearsals.ts';
import { createReports } from '../services/reports.ts';
import { createRevocations } from '../services/revocations.ts';
import { createSealedMarks, type SealedMarks } from '../services/sealed-marks.ts';
import { deriveAllStories, storeHistories } from '../services/stories.ts';
import { followAllCases } from '../services/suspicion-cases.ts';
import { createSuspicions } from '../services/suspicions.ts';
import { createEffectiveEvents, createTicketMethods, type EffectiveEvents } from '../services/ticket-methods.ts';
import { createFindTicket } from '../services/ticket-of-event.ts';
import { createTicketStory } from '../services/ticket-story.ts';
import { readTickets } from '../services/ticket-views.ts';
import { createUsageLog } from '../services/usage-log.ts';
import type { CentralEntry } from '../services/working-store.ts';
import { deriveRest } from '../services/uses.ts';
import { createVerifications, type Verifications } from '../services/verification.ts';
import { createVitals } from '../services/vitals.ts';
import { openCentralStore } from '../store/central-store.ts';
import { createGateDirectory } from '../store/gate-directory.ts';
import { withRehearsal } from '../store/rehearsals.ts';
import { createReplicaStore } from '../store/replica.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { NftServices } from './nft.ts';

export interface Marks extends Pick<
  AppDeps,
  | 'replica'
  | 'ingest'
  | 'methods'
  | 'rehearsals'
  | 'reports'
  | 'readTicketStory'
  | 'orders'
  | 'denials'
  | 'rollCalls'
  | 'coverage'
  | 'cases'
  | 'readOfflineRisk'
  | 'bands'
  | 'bandImports'
  | 'bindings'
  | 'faces'
  | 'gateMachines'
  | 'gateViews'
  | 'vitals'
  | 'liveStates'
  | 'usageLog'
  | 'suspicions'
  | 'revocations'
  | 'quarantine'
  | 'rulesChanged'
> {
  readonly sealedMarks: SealedMarks;
  /** The cloud as a writer of marks. */
  readonly central: CentralGate;
  readonly verifications: Verifications;
  readonly credentials: Credentials;
  readonly readEffective: EffectiveEvents;
}

export async function openMarks(
  foundation: Foundation,
  services: EventServices,
  { nft }: Pick<NftServices, 'nft'>,
): Promise<Marks> {
  const { log, clock, random, timer, database, keys, audit, limiter, outbox } = foundation;
  const { readTicket, devices, enrolmentCodes, effectivePolicy, feed, pokes } = services;
  const replica = followingCorrections(
    createReplicaStore({
      database,
      clock,
      derive: async (queries, event, ticketIds, marks) => {
        const fromMs = clock.wallMs();
        const disputed = await deriveRows(clock, queries, event, ticketIds, marks);
        await outbox.tellMarks(queries, event, marks);
        await outbox.tellOpenedCases(queries, event, disputed, fromMs);
      },
      underive: (queries, event, ticketIds, marks) => underiveRows(clock, queries, event, ticketIds, marks),
    }),
    database,
    clock,
  );
  const ledger = await loadLedger();
  const directory = createGateDirectory(database, keys.central.publicKey);
  const ingest = createIngest({ ledger, store: replica, directory, log });
  const changed = (event: number): void => {
    feed.changed(event);
    pokes.poke(event);
  };
  const centralStore = await openCentralStore<CentralEntry>({
    database,
    clock,
    random,
    timer,
    log,
    policyOf: async (queries, event) => {
      const record = await readEvent(queries, event);
      return record && withRehearsal(queries, record.policy);
    },
    ticketsOf: readTickets,
    keep: async (queries, batch, event, histories, marks, known) => {
      const nowMs = clock.wallMs();
      const disputed = await storeHistories(queries, batch, nowMs, event, histories, known);
      await deriveRest(queries, batch, event, marks, disputed);
      await outbox.tellMarks(queries, event, marks);
      await outbox.tellOpenedCases(queries, event, disputed, nowMs);
    },
    record: async (queries, entries, batch) => {
      batch.add(
        'credential',
        entries.flatMap(({ credential }) => credential ?? []),
        'keep',
      );
      await audit.record(
        queries,
        entries.flatMap((entry) => entry.audit ?? []),
        batch,
      );
    },
    committed: (event) => {
      central.committed(event);
      pokes.poke(event);
    },
  });
  const central: CentralGate = createCentralGate({
    database,
    store: centralStore,
    replica,
    ledger,
    keys: keys.central,
    clock,
    timer,
    log,
    changed: pokes.poke,
  });
  const readEffective = createEffectiveEvents(database, effectivePolicy);
  const findTicket = createFindTicket(readTicket, readEffective);
  const bands = createBandDesk({ database, clock, keys, audit, findTicket, storeOf: central.storeOf });
  const verifications = createVerifications({
    database,
    clock,
    keys,
    limiter,
    storeOf: central.storeOf,
    findEvent: async (event) => {
      const found = await readEffective(event);
      return found === undefined ? err({ type: 'event-unknown' }) : ok(found);
    },
    readFace: createReadKnownFace(foundation),
    gateName: devices.nameOf,
  });
  const faces = createFaces({ ...foundation, findTicket, changed: feed.changed });
  const generators = new Map([[faceMethodId, generateFace(faces)]]);
  const credentials = createCredentials({ database, clock, keys, audit, bands, tokens: nft?.mints });
  const methods = createTicketMethods({ findTicket, keys, generators, credentials, verifications });
  const ordering = { database, clock, keys, readTicket, replica, storeOf: central.storeOf };
  const coverage = createCoverage({ database, clock, replica, audit, changed });
  const cases = createCases({ database, clock, audit, coverage, changed: pokes.poke, tell: outbox.tellChangedCase });
  const reports = createReports({ database, clock, replica, coverage, cases, feedVersion: feed.version });
  const rollCalls = createRollCalls(ordering);
  const rehearsals = createRehearsals({ database, clock, random, keys, changed });
  const gateViews = createGateViews({
    database,
    clock,
    coverage,
    countEntriesByGate: (event) => countEntriesByGate(database, event),
  });
  const quarantine = createQuarantine({
    database,
    clock,
    log,
    audit,
    ingest,
    changed,
    ledger,
    replica,
    directory,
  });
  const revocations = createRevocations({
    database,
    clock,
    log,
    audit,
    ingest: {
      revise: async (event, gate) => {
        const revised = await ingest.revise(event, gate);
        await followCorrections(database, clock, event);
        return revised;
      },
    },
    changed,
    forgetAfter: replica.forgetAfter,
  });
  return {
    replica,
    ingest,
    central,
    verifications,
    credentials,
    readEffective,
    methods,
    rehearsals,
    reports,
    readTicketStory: createTicketStory({ database, coverage, cases }),
    orders: createOrders(ordering),
    denials: createDenials(ordering),
    rollCalls,
    coverage,
    cases,
    readOfflineRisk: createOfflineRisk({ database, clock, replica }),
    bands,
    bandImports: createBandImports({ database, clock, keys, readEffective, storeOf: central.storeOf }),
    faces,
    bindings: createBindingConflicts({ database, storeOf: central.storeOf }),
    gateViews,
    liveStates: createLiveStates({
      readLive: createReadLive({ database, clock, coverage, cases, gateViews, rollCalls, rehearsal: rehearsals.view }),
      clock,
    }),
    usageLog: createUsageLog(database),
    suspicions: createSuspicions({ database, clock, audit }),
    revocations,
    vitals: createVitals({ ...foundation, devices, revocations, changed: pokes.poke }),
    gateMachines: createGateMachines({ ...foundation, codes: enrolmentCodes, revocations, changed }),
    quarantine,
    sealedMarks: createSealedMarks({ database, keys, ledger, ingest, quarantine }),
    rulesChanged: async (event) => {
      await deriveAllStories(database, clock, event);
      await followAllCases(database, event);
      changed(event);
    },
  };
}

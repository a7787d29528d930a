// All kinds of background work, in the one list that makes them exist; what runs them, and what some of them follow: deadlines, webhooks, pretix servers, a chain.
import type { AppDeps } from '../app.ts';
import { createEventDeadlines } from '../services/event-deadlines.ts';
import { createForgettings } from '../services/forget-visitors.ts';
import { cleanUp } from '../services/jobs/clean-up.ts';
import { eraseFaces } from '../services/jobs/erase-faces.ts';
import { eraseVisitors } from '../services/jobs/erase-visitors.ts';
import type { JobKind } from '../services/jobs/job-kind.ts';
import { createJobs, type JobService } from '../services/jobs/jobs.ts';
import { revokeUnscannedTickets } from '../services/jobs/revoke-unscanned.ts';
import { importTickets } from '../services/jobs/ticket-import.ts';
import { verifyAuditLog } from '../services/jobs/verify-audit.ts';
import { createMetrics } from '../services/metrics.ts';
import { createPretixFollower, pretixImport, type PretixFollower } from '../services/pretix/work.ts';
import { createAddresses } from '../services/network-addresses.ts';
import { deliverWebhooks, deliveryName } from '../services/webhooks/deliver.ts';
import { createWebhooks } from '../services/webhooks/endpoints.ts';
import { createSender } from '../services/webhooks/send.ts';
import { openDatabase } from '../store/database.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';
import type { Marks } from './marks.ts';
import type { NftServices } from './nft.ts';
import type { Sources } from './sources.ts';

export interface Background extends Pick<AppDeps, 'deadlines' | 'webhooks' | 'metrics'> {
  readonly jobs: JobService;
  readonly pretixFollower: PretixFollower;
  readonly closeSender: () => void;
}

export interface BackgroundServices {
  readonly marks: Pick<Marks, 'coverage'>;
  readonly events: Pick<EventServices, 'feed' | 'ticketFileImports' | 'uploads'>;
  readonly sources: Pick<Sources, 'pretixSync'>;
  readonly chain: NftServices;
}

export function createBackground(
  foundation: Foundation,
  { marks, events, sources, chain }: BackgroundServices,
): Background {
  const { config, database, clock, timer, log, audit, outbox, deliverBy } = foundation;
  const addresses = createAddresses(config.webhookNetworks);
  const sender = createSender({ timer, addresses });
  const metrics = createMetrics({
    database,
    clock,
    jobs: () => jobs,
    appleExpiresAtMs: foundation.wallets.apple?.expiresAtMs,
  });
  const kinds: readonly JobKind[] = [
    cleanUp({ database, clock, uploads: events.uploads }),
    importTickets(events),
    pretixImport({ sync: sources.pretixSync, timer }),
    revokeUnscannedTickets({
      database,
      clock,
      audit,
      readCoverage: marks.coverage.read,
      changed: events.feed.changed,
      tell: outbox.tellTickets,
    }),
    eraseFaces({ database, clock, audit, changed: events.feed.changed }),
    eraseVisitors({ database, clock, forgettings: createForgettings({ audit, clock }) }),
    verifyAuditLog({ keys: foundation.auditKeys, openReader: () => openDatabase(config.database, log) }),
    deliverWebhooks({ ...foundation, sender, attempted: metrics.countWebhookAttempt }),
    ...(chain.nft?.kinds ?? []),
  ];
  const jobs: JobService = createJobs({ ...foundation, kinds });
  chain.runNftBy(jobs);
  deliverBy(() => {
    jobs
      .start(deliveryName, 0, {})
      .catch((cause: unknown) => log.warn({ cause: String(cause) }, 'the delivery of webhooks could not be begun'));
  });
  return {
    jobs,
    deadlines: createEventDeadlines({ database, clock, audit, jobs, changed: events.feed.changed }),
    webhooks: createWebhooks({ ...foundation, addresses }),
    metrics,
    pretixFollower: createPretixFollower({
      ...foundation,
      sync: sources.pretixSync,
      note: foundation.watchedWork.note,
    }),
    closeSender: sender.close,
  };
}

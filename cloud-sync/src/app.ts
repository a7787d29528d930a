// The service's HTTP surface, put together from its routes and without a socket: `app.request()` in a test is the same as a call from
// outside.
import { type Clock, type Ingest, type Logger, type ReplicaStore } from '@postern/shared';
import type { Hono } from 'hono';
import { adminRoutes } from './routes/admin.ts';
import { bindingRoutes } from './routes/bindings.ts';
import { caseRoutes } from './routes/cases.ts';
import { auditRequests } from './routes/audit-requests.ts';
import { auditRoutes } from './routes/audits.ts';
import { identify, requireGate } from './routes/auth.ts';
import { createErrorHandler, createRouter, problem, type Environment } from './routes/context.ts';
import { assertAccess, enforceAccess } from './routes/enforce-access.ts';
import { eventRoutes } from './routes/events.ts';
import { gateRoutes } from './routes/gates.ts';
import { idempotent } from './routes/idempotency.ts';
import { keyRoutes } from './routes/keys.ts';
import { refuseNulInUrl } from './routes/input.ts';
import { limitAccounts, limitAddresses } from './routes/limit-requests.ts';
import { liveRoutes, pageRoutes } from './routes/live.ts';
import { oauthRoutes } from './routes/oauth.ts';
import { oidcRoutes } from './routes/oidc.ts';
import { openApiHandler } from './routes/openapi.ts';
import { denialRoutes, orderRoutes, type OrderRoutesDeps } from './routes/orders.ts';
import { peopleRoutes } from './routes/people.ts';
import { programRoutes } from './routes/programs.ts';
import { noteSender } from './routes/sender.ts';
import { sessionRoutes } from './routes/session.ts';
import { methodSwitchRoutes, overrideRoutes, ticketMethodRoutes } from './routes/methods.ts';
import { suspicionRoutes } from './routes/suspicions.ts';
import { ticketRoutes } from './routes/tickets.ts';
import { quarantineRoutes } from './routes/quarantine.ts';
import { memberRoutes, userAdminRoutes } from './routes/user-admin.ts';
import type { AccessTokens } from './services/access-tokens.ts';
import type { Accounts } from './services/accounts.ts';
import type { Actors } from './services/actor.ts';
import type { ApiKeys } from './services/api-keys.ts';
import type { AuditLog } from './services/audit-log.ts';
import type { Audit, AuditRecord } from './services/audit.ts';
import type { Authority } from './services/authority.ts';
import type { BindingConflicts } from './services/binding-conflicts.ts';
import type { Cases } from './services/cases.ts';
import type { Clients } from './services/clients.ts';
import type { CoverageService } from './services/coverage.ts';
import type { Devices } from './services/devices.ts';
import type { Events } from './services/events.ts';
import type { FeedFiles } from './services/feed-files.ts';
import type { Feed } from './services/feed.ts';
import type { Idempotency } from './services/idempotency.ts';
import type { KeyRotation } from './services/key-rotation.ts';
import type { Keys } from './services/keys.ts';
import type { MethodSwitches } from './services/method-switches.ts';
import type { TicketMethodsService } from './services/ticket-methods.ts';
import type { Limiter } from './services/limiter.ts';
import type { LiveStates } from './services/live-states.ts';
import type { Members } from './services/members.ts';
import type { Nonces } from './services/nonces.ts';
import type { Oauth } from './services/oauth.ts';
import type { ReadOfflineRisk } from './services/offline-risk.ts';
import type { Oidc } from './services/oidc.ts';
import type { Pokes } from './services/pokes.ts';
import type { Quarantine } from './services/quarantine.ts';
import type { Reports } from './services/reports.ts';
import type { KeyTicketLists } from './services/signed-passes.ts';
import type { ResetLinks } from './services/reset-links.ts';
import type { Revocations } from './services/revocations.ts';
import type { Sessions } from './services/sessions.ts';
import type { Staff } from './services/staff.ts';
import type { Subjects } from './services/subjects.ts';
import type { Suspicions } from './services/suspicions.ts';
import type { Tickets } from './services/tickets.ts';
import type { UsageLog } from './services/usage-log.ts';
import type { UserAdmin } from './services/user-admin.ts';
import type { Users } from './services/users.ts';

export interface AppDeps extends OrderRoutesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly keys: Keys;
  readonly idempotency: Idempotency;
  readonly keyRotation: KeyRotation;
  readonly keyTickets: KeyTicketLists;
  readonly nonces: Nonces;
  readonly authority: Authority;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly accounts: Accounts;
  readonly resetLinks: ResetLinks;
  readonly userAdmin: UserAdmin;
  readonly members: Members;
  readonly clients: Clients;
  readonly apiKeys: ApiKeys;
  readonly accessTokens: AccessTokens;
  readonly oauth: Oauth;
  readonly oidc: Oidc;
  readonly actors: Actors;
  readonly subjects: Subjects;
  readonly events: Events;
  readonly tickets: Tickets;
  readonly staff: Staff;
  readonly devices: Devices;
  readonly feed: Feed;
  readonly files: FeedFiles;
  readonly replica: ReplicaStore;
  readonly ingest: Ingest;
  readonly reports: Reports;
  readonly liveStates: LiveStates;
  readonly methods: TicketMethodsService;
  readonly switches: MethodSwitches;
  readonly audit: Audit;
  /** Writes an entry of the audit log in a transaction of its own. */
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
  readonly auditLog: AuditLog;
  readonly usageLog: UsageLog;
  readonly suspicions: Suspicions;
  readonly revocations: Revocations;
  readonly quarantine: Quarantine;
  readonly cases: Cases;
  readonly coverage: CoverageService;
  readonly readOfflineRisk: ReadOfflineRisk;
  readonly bindings: BindingConflicts;
  readonly pokes: Pokes;
  readonly limiter: Limiter;
  /** Proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: number;
  readonly rulesChanged: (event: number) => Promise<void>;
  readonly publicUrl: () => string;
  readonly pageFolder: string;
  readonly stopping: AbortSignal;
  /** Whether the database answers. */
  readonly isHealthy: () => Promise<boolean>;
}

export function createApp(deps: AppDeps): Hono<Environment> {
  const app = createRouter();
  const gateOnly = requireGate(deps);
  const isSecure = (): boolean => deps.publicUrl().startsWith('https:');
  app.onError(createErrorHandler(deps.log));
  app.notFound((c) => problem(c, { type: 'not-found' }));
  app.use(async (c, next) => {
    // Before there is an answer: to change a finished one costs more than most answers.
    c.header('X-Content-Type-Options', 'nosniff');
    // Codes that open gates, names, logs: what says nothing of caches is for who asked and for now.
    c.header('Cache-Control', 'no-store');
    await next();
    // Nobody reads what HEAD leaves out: a stream would wait for that, with its place and its file, for good.
    if (c.req.method === 'HEAD') await c.res.body?.cancel();
  });
  app.use(noteSender(deps.trustedProxies));
  app.use(limitAddresses(deps.limiter));
  app.use(refuseNulInUrl);
  app.use(enforceAccess({ identify: identify(deps), subjects: deps.subjects }));
  app.use(limitAccounts(deps.limiter));
  app.use(idempotent(deps.idempotency));
  app.use(auditRequests(deps));
  app.get('/healthz', async (c) =>
    (await deps.isHealthy()) ? c.json({ status: 'ok' }) : c.json({ status: 'database-unusable' }, 503),
  );

  app.route('/api/events', eventRoutes(deps));
  app.route('/api/events', bindingRoutes(deps));
  app.route('/api/events', caseRoutes(deps));
  app.route('/api/events', liveRoutes(deps));
  app.route('/api/events', memberRoutes(deps));
  app.route('/api/events', orderRoutes(deps));
  app.route('/api/events', overrideRoutes(deps));
  app.route('/api/events', suspicionRoutes(deps));
  app.route('/api/tickets', ticketRoutes(deps));
  app.route('/api/tickets', denialRoutes(deps));
  app.route('/api/tickets', ticketMethodRoutes(deps));
  app.route('/admin', adminRoutes(deps));
  app.route('/admin', methodSwitchRoutes(deps));
  app.route('/admin/keys', keyRoutes(deps));
  app.route('/admin', programRoutes(deps));
  app.route('/admin', userAdminRoutes(deps));
  app.route('/audits', auditRoutes(deps));
  app.route('/', gateRoutes({ ...deps, gateOnly, changed: deps.pokes.poke }));
  app.route('/', quarantineRoutes(deps));
  app.route('/', oauthRoutes(deps));
  app.route('/', peopleRoutes(deps));
  app.route('/', oidcRoutes({ ...deps, isSecure }));
  app.route('/', sessionRoutes({ ...deps, isSecure }));
  app.route('/', pageRoutes(deps));
  app.get('/openapi.json', openApiHandler(app));
  assertAccess(app, gateOnly);
  return app;
}

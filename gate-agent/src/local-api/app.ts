// The gate's own HTTP interface: health for monitors, live events for screens, the pages, and what staff do. Everything it answers
// comes from functions handed in, so it can be tested through app.request() without a gate or a socket.
import type { Logger } from '@postern/shared';
import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { EventReports } from '../event-reports.ts';
import type { StaffCalls } from '../staff-calls.ts';
import { createCallRoute } from './call-route.ts';
import type { EventHub } from './event-hub.ts';
import { guardHost, secureHeaders } from './guard.ts';
import type { GateHealth } from './health.ts';
import { createImportRoute, type ImportRouteDeps } from './import-route.ts';
import { problem } from './problem.ts';
import type { Screens } from './screens.ts';
import { createStewardRoute, type StewardRouteDeps } from './steward-route.ts';

/** A screen that hears nothing for three of these says that it has lost its gate. */
export const beatMs = 2_000;
export const importPath = '/import';

export interface LocalApiDeps extends Omit<StewardRouteDeps, 'actedAt'> {
  readonly hosts: () => ReadonlySet<string>;
  readonly frameAncestors: readonly string[];
  readonly hub: EventHub;
  readonly screens: Screens;
  readonly health: () => GateHealth;
  /** As health, and what has to be counted: marks, history hash. */
  readonly status: () => Promise<unknown>;
  /** Of every event, the gate's own one first. */
  readonly reports: readonly EventReports[];
  readonly pages: Hono;
  readonly preview?: Hono;
  readonly imports?: ImportRouteDeps;
  /** Of who stands before the lanes' screens. */
  readonly calls: StaffCalls;
  readonly logger: Logger;
}

export function createLocalApi(deps: LocalApiDeps): Hono {
  const app = new Hono();
  app.use(secureHeaders(deps.frameAncestors));
  app.use(guardHost(deps.hosts));
  app.onError((cause, context) => {
    const { method, path } = context.req;
    deps.logger.error({ method, path, cause: String(cause) }, 'A request to the local port failed');
    return problem(context, 500, 'internal', 'The gate could not answer; its log says why');
  });
  app.notFound((context) => problem(context, 404, 'not-found', 'There is no such page at this gate'));

  /** Of the event in `?event=`, else of the gate's own. */
  const report = async (context: Context, ask: (of: EventReports) => Promise<object>): Promise<Response> => {
    const named = context.req.query('event');
    const of = named === undefined ? deps.reports[0] : deps.reports.find(({ event }) => String(event) === named);
    return of === undefined
      ? problem(context, 404, 'event-unknown', 'This gate does not hold that event')
      : context.json(await ask(of));
  };

  app.get('/', (context) => context.redirect('/display/'));
  /** 200 while the gate can admit, 503 when a person has to look; for monitors that only read the status. */
  app.get('/healthz', (context) => {
    const { state } = deps.health();
    return context.text(state, state === 'red' ? 503 : 200);
  });
  app.get('/health', (context) => context.json(deps.health()));
  app.get('/status', async (context) => context.json(await deps.status()));
  app.get('/cases', (context) => report(context, ({ cases }) => cases()));
  app.route('/steward', createStewardRoute({ ...deps, actedAt: deps.calls.answer }));
  app.route('/call', createCallRoute(deps.calls));
  if (deps.imports !== undefined) app.route(importPath, createImportRoute(deps.imports));
  /** Orders to the venue and who has not acknowledged them; how many people are inside. */
  app.get('/orders', (context) => context.json(deps.orders()));
  app.get('/roll-call', (context) => report(context, ({ rollCall }) => rollCall()));
  if (deps.preview !== undefined) app.route('/preview', deps.preview);

  app.get('/events', (context) => {
    const listener = deps.hub.listen();
    if (listener === undefined)
      return problem(context, 503, 'too-many-listeners', 'Too many screens are connected to this gate');
    return streamSSE(context, async (stream) => {
      const write = (event: string, data: unknown): Promise<void> =>
        stream.writeSSE({ event, data: JSON.stringify(data) });
      stream.onAbort(listener.end);
      const beat = setInterval(() => void write('beat', deps.screens.beat()), beatMs);
      try {
        await write('hello', deps.screens.hello());
        await write('beat', deps.screens.beat());
        await write('orders', deps.orders());
        await write('calls', deps.calls.waiting());
        for (const event of deps.screens.laneStates()) await write('lane', event);
        for (const view of deps.screens.views()) await write('view', view);
        for (let message = await listener.next(); message !== undefined; message = await listener.next())
          await stream.writeSSE(message);
      } finally {
        clearInterval(beat);
        listener.end();
      }
    });
  });

  app.route('/', deps.pages);
  return app;
}

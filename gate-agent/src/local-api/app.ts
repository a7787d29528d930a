// The gate's own HTTP interface: health for monitors, live events for screens, the display, and what staff do. Everything it answers
// comes from functions handed in, so it can be tested through app.request() without a gate or a socket.
import type { RollCallView } from '@postern/shared';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { KnownCasesAnswer } from '../known-cases.ts';
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

export interface LocalApiDeps extends StewardRouteDeps {
  readonly hosts: () => ReadonlySet<string>;
  readonly frameAncestors: readonly string[];
  readonly hub: EventHub;
  readonly screens: Screens;
  readonly health: () => GateHealth;
  /** As health, and what has to be counted: marks, history hash. */
  readonly status: () => Promise<unknown>;
  readonly rollCall: () => Promise<RollCallView>;
  /** Double entries as far as this gate knows; to read only. */
  readonly cases: () => Promise<KnownCasesAnswer>;
  readonly pages: Hono;
  readonly preview?: Hono;
  readonly imports?: ImportRouteDeps;
}

export function createLocalApi(deps: LocalApiDeps): Hono {
  const app = new Hono();
  app.use(secureHeaders(deps.frameAncestors));
  app.use(guardHost(deps.hosts));
  app.onError((_error, context) => problem(context, 500, 'internal', 'The gate could not answer; its log says why'));
  app.notFound((context) => problem(context, 404, 'not-found', 'There is no such page at this gate'));

  // With the slash at the end: the page names its files relative to itself.
  for (const path of ['/', '/display']) app.get(path, (context) => context.redirect('/display/'));
  /** 200 while the gate can admit, 503 when a person has to look; for monitors that only read the status. */
  app.get('/healthz', (context) => {
    const { state } = deps.health();
    return context.text(state, state === 'red' ? 503 : 200);
  });
  app.get('/health', (context) => context.json(deps.health()));
  app.get('/status', async (context) => context.json(await deps.status()));
  app.get('/cases', async (context) => context.json(await deps.cases()));
  app.route('/steward', createStewardRoute(deps));
  if (deps.imports !== undefined) app.route(importPath, createImportRoute(deps.imports));
  /** Orders to the venue and who has not acknowledged them; how many people are inside. */
  app.get('/orders', (context) => context.json(deps.orders()));
  app.get('/roll-call', async (context) => context.json(await deps.rollCall()));
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

  app.route('/display', deps.pages);
  return app;
}

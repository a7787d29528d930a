// One run on a connection: reads what is new at the pretix server, notes which admissions go back, sends those that are due, and keeps how it went
// where people see it.
import { err, ok, type PretixRun, type Result } from '@postern/shared';
import type { Failure } from '../problems.ts';
import { withConnection, type ConnectionDeps } from './connections.ts';
import { createPretixImporter, type ImportDeps, type ImportOptions } from './import.ts';
import { noteCheckIns } from './outbox.ts';
import { sendCheckIns } from './send.ts';

export interface SyncOptions extends ImportOptions {
  readonly signal: AbortSignal;
}

export interface Synced {
  readonly run: PretixRun;
  /** Why it ended early; what was done until then stays. */
  readonly failure?: Failure;
}

/** `pretix-unconnected`, `pretix-running`, or `pretix-busy` while the server has asked to wait: then nothing was done. */
export type PretixSync = (event: number, options: SyncOptions) => Promise<Result<Synced, Failure>>;

export type SyncDeps = ConnectionDeps & ImportDeps;

/** Where a server asks to wait and does not say how long. */
const waitSUnlessSaid = 60;

export function createPretixSync(deps: SyncDeps): PretixSync {
  const { database, clock, log } = deps;
  return (event, { signal, ...options }) =>
    withConnection(deps, event, signal, async (held): Promise<Result<Synced, Failure>> => {
      const { client, lists } = held.connection;
      const importer = createPretixImporter(deps, held, options);
      const read = await importer.run();
      const canSend = read.ok || !endsAll.has(read.error.type);
      if (canSend) await noteCheckIns(database, event, lists);
      const {
        sent,
        failed,
        failure: notSent,
      } = canSend ? await sendCheckIns(deps, held, importer) : { sent: 0, failed: 0 };
      const failure = read.ok ? notSent : read.error;
      const nowMs = clock.wallMs();
      if (failure !== undefined)
        log.warn({ event, type: failure.type, detail: failure.detail ?? '' }, 'a pretix server could not be followed');
      const isKept = await held.update(
        database,
        failure === undefined
          ? { last_good_at_ms: nowMs, last_error: null }
          : {
              last_error: JSON.stringify({ type: failure.type, detail: failure.detail, atMs: nowMs }),
              ...(failure.type === 'pretix-busy'
                ? { wait_until_ms: nowMs + (failure.retryAfterS ?? waitSUnlessSaid) * 1_000 }
                : {}),
            },
      );
      if (!isKept) return err({ type: 'pretix-stopped' });
      const problems = await countProblems(deps, event);
      const { orders, applied } = importer.imported();
      const run: PretixRun = {
        requests: client.requests(),
        orders,
        tickets: { created: applied.created, changed: applied.changed, unchanged: applied.unchanged },
        checkIns: { sent, failed },
        problems,
      };
      return ok({ run, ...(failure === undefined ? {} : { failure }) });
    });
}

/** The server answers nothing else either. */
const endsAll: ReadonlySet<string> = new Set(['pretix-stopped', 'pretix-unreachable', 'pretix-busy']);

export async function countProblems({ database }: Pick<SyncDeps, 'database'>, event: number): Promise<number> {
  const { problems } = await database
    .selectFrom('pretix_problem')
    .select(({ fn }) => fn.countAll<number>().as('problems'))
    .where('event', '=', event)
    .executeTakeFirstOrThrow();
  return problems;
}

/** For people, in one line. */
export function describeRun({ orders, tickets, checkIns, problems, requests }: PretixRun): string {
  const { created, changed } = tickets;
  return [
    `${orders} orders read with ${requests} requests: ${created} tickets new, ${changed} changed`,
    `${checkIns.sent} admissions and exits sent${checkIns.failed === 0 ? '' : `, ${checkIns.failed} refused`}`,
    ...(problems === 0 ? [] : [`${problems} positions could not be taken in`]),
  ].join('; ');
}

export const countsOf = ({
  requests,
  orders,
  tickets,
  checkIns,
  problems,
}: PretixRun): Readonly<Record<string, number>> => ({
  requests,
  orders,
  created: tickets.created,
  changed: tickets.changed,
  unchanged: tickets.unchanged,
  sent: checkIns.sent,
  refused: checkIns.failed,
  problems,
});

// Which verification methods are on. The environment sets the initial flags, an administrator's toggles override them, for all events or
// for one; the rules of an event may rule a method out besides. The cloud heeds it at once, gates with their next feed.
import {
  err,
  knownMethods,
  ok,
  type AdmissionPolicy,
  type Clock,
  type MethodSwitch,
  type Result,
  type VerificationMethod,
} from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import type { Audit, EntryOf } from './audit.ts';
import { raiseAllRulesRevisions, raiseRulesRevision, readEvent } from './events.ts';
import type { Failure } from './problems.ts';

/** Toggles of no particular event are kept under this number, which no event has. */
const allEvents = 0;

export interface MethodSwitches {
  /** Every known method in the order in which gates ask them; `event` absent: as for an event that says nothing itself. */
  readonly list: (event?: number) => Promise<Result<readonly MethodSwitch[], Failure>>;
  /** `event` absent: for all events that say nothing themselves. */
  readonly toggle: (
    method: string,
    enabled: boolean,
    event?: number,
    entry?: EntryOf,
  ) => Promise<Result<MethodSwitch, Failure>>;
  /** An event's rules with everything that is switched off for it among `methodsOff`. */
  readonly effectivePolicy: (queries: Queries, policy: AdmissionPolicy) => Promise<AdmissionPolicy>;
}

export interface MethodSwitchesDeps {
  readonly database: Database;
  readonly clock: Clock;
  /** What the environment says of methods, by id. */
  readonly environment: ReadonlyMap<string, boolean>;
  readonly methods?: readonly VerificationMethod[];
  readonly audit: Pick<Audit, 'record'>;
  /** An event's feed has something to tell. */
  readonly changed: (event: number) => void;
}

export function createMethodSwitches({
  database,
  clock,
  environment,
  methods = knownMethods,
  audit,
  changed,
}: MethodSwitchesDeps): MethodSwitches {
  const readToggles = async (
    queries: Queries,
    events: readonly number[],
  ): Promise<(event: number) => ReadonlyMap<string, boolean>> => {
    const rows = await queries
      .selectFrom('method_toggle')
      .select(['event', 'method', 'enabled'])
      .where('event', 'in', events)
      .execute();
    return (event) =>
      new Map(rows.flatMap((row) => (row.event === event ? [[row.method, row.enabled === 1] as const] : [])));
  };

  const switchesFor = async (
    queries: Queries,
    policy: AdmissionPolicy | undefined,
  ): Promise<readonly MethodSwitch[]> => {
    const toggles = await readToggles(queries, [allEvents, ...(policy === undefined ? [] : [policy.event])]);
    const forAll = toggles(allEvents);
    const forEvent = policy === undefined ? new Map<string, boolean>() : toggles(policy.event);
    return methods.map(({ id }) =>
      decideSwitch(id, {
        environment: environment.get(id),
        allEvents: forAll.get(id),
        event: forEvent.get(id),
        ruledOut: policy?.methodsOff.includes(id) === true,
      }),
    );
  };

  const list: MethodSwitches['list'] = async (event) => {
    if (event === undefined) return ok(await switchesFor(database, undefined));
    const record = await readEvent(database, event);
    return record === undefined ? err({ type: 'event-unknown' }) : ok(await switchesFor(database, record.policy));
  };

  return {
    list,
    toggle: async (method, enabled, event, entry) => {
      if (!methods.some(({ id }) => id === method)) return err({ type: 'method-unknown' });
      if (event !== undefined && (await readEvent(database, event)) === undefined)
        return err({ type: 'event-unknown' });
      const said = { enabled: enabled ? 1 : 0, changed_at_ms: clock.wallMs() };
      await database.transaction().execute(async (queries) => {
        await queries
          .insertInto('method_toggle')
          .values({ event: event ?? allEvents, method, ...said })
          .onConflict((conflict) => conflict.columns(['event', 'method']).doUpdateSet(said))
          .execute();
        if (event === undefined) await raiseAllRulesRevisions(queries);
        else await raiseRulesRevision(queries, event);
        if (entry !== undefined) await audit.record(queries, entry({ details: { enabled } }));
      });
      const events = await database.selectFrom('event').select('id').execute();
      for (const { id } of events) if (event === undefined || event === id) changed(id);
      const listed = await list(event);
      if (!listed.ok) return listed;
      const found = listed.value.find((one) => one.method === method);
      return found === undefined ? err({ type: 'method-unknown' }) : ok(found);
    },
    effectivePolicy: async (queries, policy) => {
      const off = (await switchesFor(queries, policy)).flatMap((one) => (one.enabled ? [] : [one.method]));
      return { ...policy, methodsOff: [...new Set([...policy.methodsOff, ...off])] };
    },
  };
}

/** The nearest word counts; an event's rules can only rule out. */
function decideSwitch(
  method: string,
  said: {
    readonly environment: boolean | undefined;
    readonly allEvents: boolean | undefined;
    readonly event: boolean | undefined;
    readonly ruledOut: boolean;
  },
): MethodSwitch {
  const [source, enabled] = said.ruledOut
    ? (['policy', false] as const)
    : said.event !== undefined
      ? (['event', said.event] as const)
      : said.allEvents !== undefined
        ? (['all-events', said.allEvents] as const)
        : said.environment !== undefined
          ? (['environment', said.environment] as const)
          : (['default', true] as const);
  return {
    method,
    enabled,
    source,
    ...(said.environment === undefined ? {} : { environment: said.environment }),
    ...(said.allEvents === undefined ? {} : { forAllEvents: said.allEvents }),
    ...(said.event === undefined ? {} : { forEvent: said.event }),
  };
}

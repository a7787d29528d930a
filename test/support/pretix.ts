// A pretix stand-in on virtual time beside a cloud: connected as an organiser would, and runs that are waited for while time moves on.
import { pretixViewSchema, type PretixRun, type PretixView } from '@postern/shared';
import { createShop, type Shop, type ShopList } from '../../scripts/lib/pretix-stand-in/shop.ts';
import {
  startPretixStandIn,
  type PretixStandIn,
  type StandInOptions,
} from '../../scripts/lib/pretix-stand-in/server.ts';
import type { Synced } from '../../cloud-sync/src/services/pretix/sync.ts';
import type { Failure } from '../../cloud-sync/src/services/problems.ts';
import type { TestCloud } from './cloud.ts';

export interface PretixRig {
  readonly cloud: TestCloud;
  readonly event: number;
  readonly shop: Shop;
  readonly standIn: PretixStandIn;
  readonly list: ShopList;
  readonly connect: (changes?: object) => Promise<PretixView>;
  /** One run, to its end, with what it came to. */
  readonly sync: (options?: { readonly full?: boolean }) => Promise<PretixRun & { readonly failure?: Failure }>;
  readonly view: () => Promise<PretixView>;
}

/** `sell` fills the shop before the connection is made. */
export async function openPretixRig(
  cloud: TestCloud,
  event: number,
  {
    sell = () => undefined,
    usesRevocationList = false,
    ...options
  }: {
    readonly sell?: (shop: Shop) => void;
    readonly usesRevocationList?: boolean;
  } & Omit<StandInOptions, 'shop'> = {},
): Promise<PretixRig> {
  const shop = createShop({ now: cloud.time.clock.wallMs, usesRevocationList });
  sell(shop);
  const list = shop.lists[0] ?? shop.addList('Entrance');
  const standIn = await startPretixStandIn({ shop, ...options });
  const view = async (): Promise<PretixView> =>
    pretixViewSchema.parse(await cloud.json('GET', `/api/events/${event}/pretix`));
  return {
    cloud,
    event,
    shop,
    standIn,
    list,
    connect: async (changes = {}) =>
      pretixViewSchema.parse(
        await cloud.json('PUT', `/api/events/${event}/pretix`, { ...connection(standIn, list), ...changes }),
      ),
    sync: async ({ full = false } = {}) => {
      const synced = await whileTimeMoves(
        cloud,
        () => cloud.cloud.pretixSync(event, { full, by: undefined, signal: new AbortController().signal }),
        standIn,
      );
      if (!synced.ok) throw new Error(JSON.stringify(synced.error));
      return flatten(synced.value);
    },
    view,
  };
}

/** What an organiser sends to connect an event with the stand-in. */
export const connection = (
  { url, organizer, slug, token }: PretixStandIn,
  list: Pick<ShopList, 'id'>,
): Readonly<Record<string, unknown>> => ({ server: url, organizer, slug, token, lists: [{ id: list.id }] });

const flatten = ({ run, failure }: Synced): PretixRun & { readonly failure?: Failure } => ({
  ...run,
  ...(failure === undefined ? {} : { failure }),
});

/** Virtual time a millisecond of ours: a wait of seconds is short, and an answer that is on its way has time to arrive. */
const msPerMs = 50;

/**
 * Waits are over virtual time, answers over a real socket: time moves on while nothing is asked, or the stand-in has left a question open for
 * good, until the work is done.
 */
export async function whileTimeMoves<T>(
  { time }: Pick<TestCloud, 'time'>,
  work: () => Promise<T>,
  { hanging = () => 0 }: { readonly hanging?: () => number } = {},
): Promise<T> {
  const realFetch = globalThis.fetch;
  let asking = 0;
  globalThis.fetch = async (...about) => {
    asking += 1;
    try {
      return await realFetch(...about);
    } finally {
      asking -= 1;
    }
  };
  let isDone = false;
  const settle = (): void => {
    isDone = true;
  };
  const working = work();
  working.then(settle, settle);
  try {
    while (!isDone) {
      await new Promise((resolve) => void setTimeout(resolve, 1));
      if (asking <= hanging()) await time.advance(msPerMs);
    }
    return await working;
  } finally {
    globalThis.fetch = realFetch;
  }
}

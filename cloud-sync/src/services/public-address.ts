// Where gates and people reach this deployment, and where they did before. Both are in every signed ticket list, so that a gate that still asks
// at an address of before can say so.
import { formerUrlsMax, type Clock, type Manifest } from '@postern/shared';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction } from '../store/locks.ts';
import { raiseAllRulesRevisions } from './events.ts';

/** That the service is started with this address; answers whether it was another one before. */
export const notePublicAddress = (database: Database, clock: Clock, url: string): Promise<boolean> =>
  inTransaction(database, 'public-address', async (queries) => {
    const [latest, ...before] = await readAddresses(queries);
    if (latest === url) return false;
    // Later than the one before also where the clock has been set back.
    const { last } = await queries
      .selectFrom('public_address')
      .select(({ fn }) => fn.max<number | null>('since_ms').as('last'))
      .executeTakeFirstOrThrow();
    const since_ms = Math.max(clock.wallMs(), (last ?? 0) + 1);
    await queries
      .insertInto('public_address')
      .values({ url, since_ms })
      .onConflict((conflict) => conflict.column('url').doUpdateSet({ since_ms }))
      .execute();
    const forgotten = before.filter((other) => other !== url).slice(formerUrlsMax - 1);
    if (forgotten.length > 0) await queries.deleteFrom('public_address').where('url', 'in', forgotten).execute();
    await raiseAllRulesRevisions(queries);
    return latest !== undefined;
  });

/** As ticket lists say it; undefined where the service was never told its address. */
export async function readPublicAddress(queries: Queries): Promise<Manifest['cloud']> {
  const [url, ...former] = await readAddresses(queries);
  return url === undefined ? undefined : { url, former };
}

/** The latest first. */
const readAddresses = async (queries: Queries): Promise<readonly string[]> =>
  (await queries.selectFrom('public_address').select('url').orderBy('since_ms', 'desc').execute()).map(
    ({ url }) => url,
  );

// A transaction whose work may fail as expected: a failure rolls everything back, like a throw, and comes out as the result it is.
import { err, ok, type Result } from '@postern/shared';
import type { Database, Queries } from './database.ts';

export async function transact<T, E extends { readonly type: string }>(
  database: Database,
  work: (queries: Queries) => Promise<Result<T, E>>,
): Promise<Result<T, E>> {
  let failure: { readonly error: E } | undefined;
  try {
    const value = await database.transaction().execute(async (queries) => {
      const result = await work(queries);
      if (result.ok) return result.value;
      failure = { error: result.error };
      throw new Error('rolled back');
    });
    return ok(value);
  } catch (cause) {
    if (failure !== undefined) return err(failure.error);
    throw cause;
  }
}

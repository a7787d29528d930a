// A cloud's database as tests and benchmarks open it, beside the cloud or without one; what cannot be opened ends them.
import { openDatabase, type Database } from '../../cloud-sync/src/store/database.ts';

export function openCloudDatabase(url: string): Database {
  const opened = openDatabase(url);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  return opened.value;
}

export async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openCloudDatabase(url);
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}

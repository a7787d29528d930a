// Global set-up of the project `postgres`: one server for all of its files.
import type { TestProject } from 'vitest/node';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import type { PostgresServer } from '../../scripts/lib/postgres-server.ts';
import { startPostgres } from './postgres.ts';

let server: PostgresServer | undefined;

export async function setup(project: TestProject): Promise<void> {
  if (missingPostgres() !== undefined) return;
  server = await startPostgres();
  project.provide('postgresUrl', server.url);
}

export async function teardown(): Promise<void> {
  await server?.stop();
}

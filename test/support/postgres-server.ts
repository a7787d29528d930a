// Global set-up of the project `postgres`: one server for all of its files.
import type { TestProject } from 'vitest/node';
import { missingPostgres } from './postgres-programs.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';

let server: PostgresServer | undefined;

export async function setup(project: TestProject): Promise<void> {
  if (missingPostgres() !== undefined) return;
  server = await startPostgres();
  project.provide('postgresUrl', server.url);
}

export async function teardown(): Promise<void> {
  await server?.stop();
}

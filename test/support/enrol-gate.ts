// A gate of an event as a technician sets it up: planned at the cloud with its lanes, then enrolled with the one-time code.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { gateResponseSchema, type laneConfigSchema } from '@postern/shared';
import type { z } from 'zod';
import { runGateCommand } from './gate-process.ts';

export interface EnrolGateOptions {
  /** Where the cloud is. */
  readonly url: string;
  /** Sends JSON to it as its administrator. */
  readonly post: (path: string, body: unknown) => Promise<unknown>;
  readonly event: number;
  /** The gate's own, new. */
  readonly folder: string;
  readonly id?: string;
  readonly zone?: string;
  readonly lanes: readonly z.input<typeof laneConfigSchema>[];
  /** TOML behind what enrolling has written. */
  readonly settings?: string;
}

/** Answers with the path of its configuration; its local API takes whatever port is free. */
export async function enrolGate({
  url,
  post,
  event,
  folder,
  id = 'gate-a',
  zone = 'arena',
  lanes,
  settings = '',
}: EnrolGateOptions): Promise<string> {
  const planned = { id, name: `Gate ${id.at(-1)?.toUpperCase()}`, zone, lanes };
  const { code } = gateResponseSchema.parse(await post(`/admin/events/${event}/gates`, planned));
  const enrolled = await runGateCommand('enrol', url, code, '--data', folder, '--lan', 'off');
  if (enrolled.code !== 0) throw new Error(`gate-agent enrol: ${enrolled.errors}`);
  const configPath = join(folder, 'gate.toml');
  appendFileSync(configPath, `\n[local]\nport = 0\n${settings}`);
  return configPath;
}

// Where the gate is that a command is about: `--config FILE`, or `--data DIR` with the gate.toml in it, or the gate.toml here.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from '@postern/shared';
import { loadConfig, type GateConfig } from '../config.ts';

/** Why a command did not do its work, in words for whoever typed it; `type` is for scripts. */
export interface CommandError {
  readonly type: string;
  readonly message: string;
}

export interface GateFolder {
  /** Absolute. */
  readonly data: string;
  /** Where the configuration is, or would be. */
  readonly configPath: string;
  readonly config: Result<GateConfig, CommandError>;
}

export interface GateFolderOptions {
  readonly data?: string | undefined;
  readonly config?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Errs only when it is not said, and cannot be found, which gate is meant. */
export function findGateFolder({ data, config, environment }: GateFolderOptions): Result<GateFolder, CommandError> {
  const configPath = resolve(config ?? join(data ?? '.', 'gate.toml'));
  if (config === undefined && data === undefined && !existsSync(configPath))
    return err({
      type: 'gate-not-named',
      message: 'there is no gate.toml here; say which gate with --data DIR or --config FILE',
    });
  const loaded = environment === undefined ? loadConfig(configPath) : loadConfig(configPath, environment);
  if (loaded.ok) return ok({ data: loaded.value.gate.data, configPath, config: loaded });
  const folder = resolve(data ?? join(configPath, '..'));
  return ok({
    data: folder,
    configPath,
    config: err({ type: loaded.error.type, message: loaded.error.complaints.join('\n') }),
  });
}

// Where the gate is that a command is about: `--config FILE`, or `--data DIR` with the gate.toml in it, or the gate.toml here.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { err, ok, type Result } from '@postern/shared';
import { credentialsFolderOf, loadConfig, type GateConfig } from '../config.ts';
import { findDiskKey, type FoundDiskKey } from '../disk-key.ts';
import type { DiskKey } from '../store/database.ts';

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
  /** What opens its databases; undefined where they are not sealed. */
  readonly diskKey: () => Result<DiskKey | undefined, CommandError>;
  /** The same with where it lies, also before the first start with it. */
  readonly findKey: () => Result<FoundDiskKey, CommandError>;
}

export interface GateFolderOptions {
  readonly data?: string | undefined;
  readonly config?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Where systemd puts what it gives the running agent; whoever runs a command as the agent's user may read it there. */
const agentCredentialsFolder = '/run/credentials/gate-agent.service';

/** Errs only when it is not said, and cannot be found, which gate is meant. */
export function findGateFolder({ data, config, environment }: GateFolderOptions): Result<GateFolder, CommandError> {
  const configPath = resolve(config ?? join(data ?? '.', 'gate.toml'));
  if (config === undefined && data === undefined && !existsSync(configPath))
    return err({
      type: 'gate-not-named',
      message: 'there is no gate.toml here; say which gate with --data DIR or --config FILE',
    });
  const loaded = environment === undefined ? loadConfig(configPath) : loadConfig(configPath, environment);
  const folder = loaded.ok ? loaded.value.gate.data : resolve(data ?? join(configPath, '..'));
  const findKey = (): Result<FoundDiskKey, CommandError> => {
    const found = findDiskKey({
      data: folder,
      keyFile: loaded.ok ? loaded.value.disk.keyFile : undefined,
      credentials: [credentialsFolderOf(environment), agentCredentialsFolder],
    });
    return found.ok ? found : err({ type: found.error.type, message: found.error.cause });
  };
  const diskKey = (): Result<DiskKey | undefined, CommandError> => {
    const found = findKey();
    return found.ok ? ok(found.value.sealed ? found.value.key : undefined) : found;
  };
  if (loaded.ok) return ok({ data: folder, configPath, config: loaded, diskKey, findKey });
  return ok({
    data: folder,
    configPath,
    diskKey,
    findKey,
    config: err({ type: loaded.error.type, message: loaded.error.complaints.join('\n') }),
  });
}

// The data folder as a start finds it, before anything in it is opened: with which key its databases are sealed, what an earlier start has left
// unsealed, and what a revoked gate's last start had no time to seal to its cloud.
import { err, ok, type Logger, type Result } from '@postern/shared';
import { credentialsFolderOf, eventsOf, type GateConfig } from './config.ts';
import { findDiskKey, noteSealed, type DiskKeyError } from './disk-key.ts';
import { prepareEventFolder } from './event-folder.ts';
import type { Identity } from './identity.ts';
import { noteRevoked, readRevoked } from './revocation.ts';
import { sealMarks } from './seal-marks.ts';
import type { DiskKey } from './store/database.ts';
import { sealFolder } from './store/seal-folder.ts';
import { createSystemRandom } from './system.ts';

export interface GateDisk {
  /** Undefined where nothing is sealed. */
  readonly key: DiskKey | undefined;
  /** Seals all marks to a key of the cloud's; false where some are left. */
  readonly sealMarks: (sealKey: Uint8Array) => Promise<boolean>;
}

export async function openGateDisk(
  config: GateConfig,
  identity: Identity,
  logger: Logger,
  signal: AbortSignal,
): Promise<Result<GateDisk, DiskKeyError>> {
  const key = await openKey(config, logger, signal);
  if (!key.ok) return err(key.error);
  const disk = diskWith(key.value, config, identity, logger);
  const revoked = readRevoked(config.gate.data);
  if (revoked?.sealKey === undefined || revoked.sealed) return ok(disk);
  if (await disk.sealMarks(revoked.sealKey)) await noteRevoked(config.gate.data, { ...revoked, sealed: true });
  // With all that it sealed the key has gone, too.
  const next = await openKey(config, logger, signal);
  return next.ok ? ok(diskWith(next.value, config, identity, logger)) : err(next.error);
}

const diskWith = (key: DiskKey | undefined, config: GateConfig, identity: Identity, logger: Logger): GateDisk => ({
  key,
  sealMarks: (sealKey) =>
    sealMarks(
      eventsOf(config).map(({ id }) => id),
      sealKey,
      {
        data: config.gate.data,
        gate: config.gate.id,
        secretKey: identity.keys.secretKey,
        diskKey: key,
        random: createSystemRandom(),
        logger,
      },
    ),
});

async function openKey(
  config: GateConfig,
  logger: Logger,
  signal: AbortSignal,
): Promise<Result<DiskKey | undefined, DiskKeyError>> {
  const { data } = config.gate;
  const found = findDiskKey({ data, keyFile: config.disk.keyFile, credentials: [credentialsFolderOf()] });
  if (!found.ok) return found;
  const { key, sealed } = found.value;
  if (key === undefined) return ok(undefined);
  if (!sealed) await noteSealed(data, key);
  for (const { id } of eventsOf(config)) prepareEventFolder(data, id);
  await sealFolder(data, { key, logger, signal });
  return ok(key);
}

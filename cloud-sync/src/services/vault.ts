// Seals secrets before they reach the database (AES-256-GCM under the master key, which comes from the environment, a file that
// systemd or somebody else keeps, or a file of the data folder), so that a copied database alone signs nothing. A hardware or cloud key service would replace this file.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex, err, hexToBytes, ok, type Random, type Result } from '@postern/shared';

const masterKeyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

export interface Vault {
  /** Base64 of iv, ciphertext and tag; `label` is bound to it and must be given again to open. */
  readonly seal: (secret: Uint8Array, label: string) => string;
  readonly open: (sealed: string, label: string) => Result<Uint8Array, VaultError>;
}
export type VaultError = { readonly type: 'vault-unreadable'; readonly cause: string };

export function createVault(masterKey: Uint8Array, random: Random): Vault {
  return {
    seal: (secret, label) => {
      const iv = random(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', masterKey, iv).setAAD(Buffer.from(label));
      return Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]).toString('base64');
    },
    open: (sealed, label) => {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < ivBytes + tagBytes)
        return err({ type: 'vault-unreadable', cause: 'a sealed secret is cut off' });
      try {
        const decipher = createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, ivBytes)).setAAD(
          Buffer.from(label),
        );
        decipher.setAuthTag(bytes.subarray(-tagBytes));
        return ok(
          new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()])),
        );
      } catch {
        // OpenSSL says only that authentication failed: another master key, or altered bytes.
        return err({ type: 'vault-unreadable', cause: 'the master key does not open the stored keys' });
      }
    },
  };
}

/** Where the master key may come from. */
export interface MasterKeySource {
  /** The data folder. */
  readonly data: string;
  /** As hexadecimal, out of the environment. */
  readonly masterKey?: string | undefined;
  /** A file that somebody else keeps: a systemd credential, a secret that is mounted. */
  readonly masterKeyFile?: string | undefined;
}

/** The master key from where the settings say, or from `master.key` in the data folder, which the first run makes (mode 0600). */
export function readMasterKey(
  { data, masterKey, masterKeyFile }: MasterKeySource,
  random: Random,
): Result<Uint8Array, VaultError> {
  if (masterKey !== undefined) return parseMasterKey(masterKey, 'the master key');
  if (masterKeyFile !== undefined) return readMasterKeyFile(masterKeyFile);
  return parseMasterKey(readOrMakeFile(join(data, 'master.key'), random), join(data, 'master.key'));
}

export function readMasterKeyFile(path: string): Result<Uint8Array, VaultError> {
  try {
    return parseMasterKey(readFileSync(path, 'utf8'), path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return err({ type: 'vault-unreadable', cause: `the master key cannot be read (${reason})` });
  }
}

function parseMasterKey(text: string, where: string): Result<Uint8Array, VaultError> {
  const key = hexToBytes(text.trim().toLowerCase());
  return key?.length === masterKeyBytes
    ? ok(key)
    : err({ type: 'vault-unreadable', cause: `${where} must have ${masterKeyBytes * 2} hexadecimal digits` });
}

function readOrMakeFile(path: string, random: Random): string {
  if (!existsSync(path)) {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${bytesToHex(random(masterKeyBytes))}\n`, { mode: 0o600, flag: 'wx', flush: true });
  }
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8');
}

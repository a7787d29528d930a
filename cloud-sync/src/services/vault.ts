// Seals secrets before they reach the database (AES-256-GCM under the master key, which lies in a file of the data folder or comes
// from the environment), so that a copied database alone signs nothing. A hardware or cloud key service would replace this file.
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

/** The master key from the environment, or from `master.key` in the data folder, which the first run makes (mode 0600). */
export function readMasterKey(
  folder: string,
  fromEnvironment: string | undefined,
  random: Random,
): Result<Uint8Array, VaultError> {
  const given = fromEnvironment === undefined ? readOrMakeFile(join(folder, 'master.key'), random) : fromEnvironment;
  const key = hexToBytes(given.trim());
  if (key?.length !== masterKeyBytes)
    return err({
      type: 'vault-unreadable',
      cause: `the master key must have ${masterKeyBytes * 2} hexadecimal digits`,
    });
  return ok(key);
}

function readOrMakeFile(path: string, random: Random): string {
  if (!existsSync(path)) {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, `${bytesToHex(random(masterKeyBytes))}\n`, { mode: 0o600, flag: 'wx', flush: true });
  }
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8');
}

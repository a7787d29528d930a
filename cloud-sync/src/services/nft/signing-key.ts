// The key that signs on the chain, from where the settings say: a file that somebody else keeps, a systemd credential, the environment.
import { readFileSync } from 'node:fs';
import { err, ok, type Result } from '@postern/shared';

export type NftKeyError = { readonly type: 'nft-key-unreadable'; readonly cause: string };

export interface KeySource {
  readonly key?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** 64 hexadecimal digits. */
export function readNftKey({ key, keyFile }: KeySource): Result<string, NftKeyError> {
  let text = key ?? '';
  if (keyFile !== undefined)
    try {
      text = readFileSync(keyFile, 'utf8');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      return err({ type: 'nft-key-unreadable', cause: `the key that signs on the chain cannot be read (${reason})` });
    }
  const digits = text.trim().replace(/^0x/, '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits)
    ? ok(digits)
    : err({ type: 'nft-key-unreadable', cause: 'the key that signs on the chain must have 64 hexadecimal digits' });
}

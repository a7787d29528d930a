// A certificate authority installed for one person's browser, as somebody does on a phone: in the NSS database of a home folder.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `authority`: DER. */
export function trustAuthority(home: string, authority: Uint8Array): void {
  const database = join(home, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  const file = join(home, 'authority.crt');
  writeFileSync(file, authority);
  const certutil = (...args: readonly string[]): void =>
    void execFileSync('certutil', ['-d', `sql:${database}`, ...args], { stdio: 'ignore' });
  certutil('-N', '--empty-password');
  certutil('-A', '-t', 'C,,', '-n', 'gates', '-i', file);
}

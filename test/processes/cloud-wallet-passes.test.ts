// Goal: other people's programs take our passes for what they are: OpenSSL verifies the signature with nothing but the certificate above
// ours, and no altered one; unzip opens the archive.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { makeApplePass } from '../../cloud-sync/src/services/wallet-passes/apple-pass.ts';
import { readWallets } from '../../cloud-sync/src/services/wallet-passes/wallet-passes.ts';
import { missingPrograms, runOrReport } from '../support/not-run.ts';
import { virtualStartMs } from '../support/virtual-time.ts';
import { makeAppleFiles, unzip } from '../support/wallet-files.ts';

let folder: string;
let pass: Buffer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-wallets-'));
  const read = readWallets({
    look: { organisation: 'Test hall', colour: '#16324f' },
    apple: await makeAppleFiles(folder),
  });
  if (!read.ok || read.value.apple === undefined) throw new Error('the files do not fit');
  // prettier-ignore
  const ticket = { ticketId: '0'.repeat(32), event: 1, epoch: 0, eventName: 'Summer night', typeName: 'Standing', timeZone: 'UTC', party: 1,
    locations: [], state: 'active', text: 'PN1:TEST', shortCode: 'ABCD-EFGH-JK' } as const;
  pass = Buffer.from(await makeApplePass(ticket, read.value.look, read.value.apple, virtualStartMs));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, bytes: Uint8Array = new Uint8Array(0)): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

runOrReport('OpenSSL verifies the signature over the manifest, and over no other', missingPrograms('openssl'), () => {
  const files = unzip(pass);
  const signature = write('signature', files.get('signature'));
  const verify = (content: string): { readonly status: number | null; readonly stdout: string } =>
    spawnSync(
      'openssl',
      // prettier-ignore
      ['cms', '-verify', '-inform', 'DER', '-binary', '-in', signature, '-content', content, '-purpose', 'any',
        '-CAfile', join(folder, 'wwdr.pem'), '-attime', String(virtualStartMs / 1_000)],
      { encoding: 'utf8' },
    );
  const manifest = files.get('manifest.json') ?? Buffer.alloc(0);
  expect(verify(write('manifest', manifest))).toMatchObject({ status: 0, stdout: String(manifest) });
  const altered = Buffer.from(manifest);
  altered[20] = (altered[20] ?? 0) ^ 1;
  expect(verify(write('altered', altered)).status).not.toBe(0);
  const printed = execFileSync('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', signature], {
    encoding: 'utf8',
  });
  expect(printed).toContain('signingTime');
  expect(printed.match(/d\.certificate:/g)).toHaveLength(2);
});

runOrReport('unzip finds nothing wrong', missingPrograms('unzip'), () => {
  expect(execFileSync('unzip', ['-t', write('ticket.pkpass', pass)], { encoding: 'utf8' })).toContain('No errors');
});

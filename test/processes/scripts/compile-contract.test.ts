// Goal: the contract that is deployed is the contract that is in the repository.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

it('the committed artefact is what the source compiles to', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/compile-contract.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

// Compiles cloud-sync/contracts/PosternTicket.sol into the artefact beside it, which is committed: whoever deploys needs no compiler, and a
// test compiles it again and compares. `--check` compares and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'cloud-sync/contracts');
const artefactFile = join(folder, 'PosternTicket.json');
const require = createRequire(import.meta.url);

/** The artefact as text: the compiler's version, the interface and the code to deploy. */
function compileContract() {
  const solc = require('solc');
  const input = {
    language: 'Solidity',
    sources: { 'PosternTicket.sol': { content: readFileSync(join(folder, 'PosternTicket.sol'), 'utf8') } },
    settings: {
      // What OpenZeppelin's contracts need, and chains have had since 2024.
      evmVersion: 'cancun',
      optimizer: { enabled: true, runs: 200 },
      // Without it the code would end in a hash that changes with every comment.
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  };
  const findImport = (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const problems = (output.errors ?? []).map(({ formattedMessage }) => formattedMessage);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const { abi, evm } = output.contracts['PosternTicket.sol'].PosternTicket;
  return `${JSON.stringify({ compiler: solc.version(), abi, bytecode: `0x${evm.bytecode.object}` }, undefined, 2)}\n`;
}

const compiled = compileContract();
if (!process.argv.includes('--check')) {
  writeFileSync(artefactFile, compiled);
  console.log(`written: ${artefactFile}`);
} else if (compiled !== readFileSync(artefactFile, 'utf8')) {
  console.error(`${artefactFile} is not what the contract compiles to: run node scripts/compile-contract.mjs`);
  process.exitCode = 1;
}

// A wallet that is a contract (ERC-1271) on a test chain: compiled from its source, made and moved by one of anvil's accounts.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem';
import { vi } from 'vitest';
import type { Hex } from '../../cloud-sync/src/services/nft/hex.ts';
import type { TestChain } from './chain.ts';

const sourceFile = new URL('../fixtures/ethereum/OwnedWallet.sol', import.meta.url);
interface Compiler {
  readonly compile: (input: string) => string;
}
interface Compiled {
  readonly contracts: Readonly<Record<string, Readonly<Record<string, { evm: { bytecode: { object: string } } }>>>>;
}

function compileWallet(): string {
  const solc = createRequire(import.meta.url)('solc') as Compiler;
  const input = {
    language: 'Solidity',
    sources: { 'OwnedWallet.sol': { content: readFileSync(sourceFile, 'utf8') } },
    settings: { evmVersion: 'cancun', outputSelection: { '*': { '*': ['evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Compiled;
  return output.contracts['OwnedWallet.sol']?.['OwnedWallet']?.evm.bytecode.object ?? '';
}

export interface ContractWallet {
  readonly address: Hex;
  /** Has the wallet call the contract of tickets. */
  readonly execute: (signature: string, args: readonly unknown[]) => Promise<void>;
}

export async function deployWallet(chain: TestChain, owner: Hex): Promise<ContractWallet> {
  const argument = encodeAbiParameters([{ type: 'address' }], [owner]).slice(2);
  const hash = await chain.rpc('eth_sendTransaction', { from: owner, data: `0x${compileWallet()}${argument}` });
  const contractAddress = await vi.waitFor(async () => {
    const receipt = await chain.rpc<{ contractAddress: Hex } | null>('eth_getTransactionReceipt', hash);
    if (receipt === null) throw new Error('the wallet is in no block yet');
    return receipt.contractAddress;
  });
  const run = parseAbi(['function execute(address to, bytes data)']);
  return {
    address: contractAddress.toLowerCase() as Hex,
    execute: async (signature, args) => {
      const inner = encodeFunctionData({ abi: parseAbi<readonly string[]>([signature]), args });
      const data = encodeFunctionData({ abi: run, args: [chain.contract, inner] });
      await chain.rpc('eth_estimateGas', { from: owner, to: contractAddress, data });
      await chain.rpc('eth_sendTransaction', { from: owner, to: contractAddress, data });
    },
  };
}

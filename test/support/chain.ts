// A chain with our contract on it, and a cloud that mints there: what the tests of tokens work with.
import { anvilAccounts, anvilChainId, anvilKeys, startAnvil, type Anvil } from '../../scripts/lib/anvil.ts';
import type { Config } from '../../cloud-sync/src/config.ts';
import { deployContract } from '../../cloud-sync/src/services/nft/deploy.ts';
import type { Hex } from '../../cloud-sync/src/services/nft/hex.ts';
import { createSystem } from '../../cloud-sync/src/system.ts';
import { encodeFunctionData, parseAbi } from 'viem';

export const [minter, alice, bob] = anvilAccounts;

export interface TestChain extends Anvil {
  readonly contract: Hex;
  readonly startBlock: number;
  /** What a cloud's settings say of it. */
  readonly settings: NonNullable<Config['nft']>;
  /** Calls the contract as one of anvil's accounts; rejects where it reverts. */
  readonly call: (from: string, signature: string, args: readonly unknown[]) => Promise<Hex>;
  readonly mine: (blocks: number) => Promise<void>;
}

export async function startTestChain(settings: Partial<NonNullable<Config['nft']>> = {}): Promise<TestChain> {
  const anvil = await startAnvil();
  const deployed = await deployContract(
    {
      rpc: anvil.url,
      chainId: anvilChainId,
      secretKey: anvilKeys[0],
      name: 'Test tickets',
      symbol: 'TEST',
      feeMax: 10n ** 12n,
    },
    { timer: createSystem().timer, signal: new AbortController().signal, sent: () => undefined },
  );
  if (!deployed.ok) throw new Error(deployed.error.detail);
  const { contract, block: startBlock } = deployed.value;
  return {
    ...anvil,
    contract,
    startBlock,
    settings: {
      rpcs: [anvil.url],
      chainId: anvilChainId,
      contract,
      key: anvilKeys[0],
      startBlock,
      confirmations: 2,
      feeMax: 1_000,
      consumeAfterS: 0,
      ...settings,
    },
    call: async (from, signature, args) => {
      const transaction = { from, to: contract, data: encodeCall(signature, args) };
      // It is taken also where it reverts; to ask what it costs is not.
      await anvil.rpc('eth_estimateGas', transaction);
      return anvil.rpc<Hex>('eth_sendTransaction', transaction);
    },
    mine: (blocks) => anvil.rpc('anvil_mine', `0x${blocks.toString(16)}`),
  };
}

/** `signature` as Solidity has it, of a function. */
const encodeCall = (signature: string, args: readonly unknown[]): Hex =>
  encodeFunctionData({ abi: parseAbi<readonly string[]>([signature]), args });

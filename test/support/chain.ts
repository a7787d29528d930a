// A chain with our contract on it, and a cloud that mints there: what the tests of tokens work with.
import { anvilAccounts, anvilChainId, anvilKeys, startAnvil, type Anvil } from '../../scripts/lib/anvil.ts';
import type { Config } from '../../cloud-sync/src/config.ts';
import { deployContract } from '../../cloud-sync/src/services/nft/deploy.ts';
import type { Hex } from '../../cloud-sync/src/services/nft/hex.ts';
import { createSystem } from '../../cloud-sync/src/system.ts';
import { encodeFunctionData, parseAbi } from 'viem';
import type { TestCloud } from './cloud.ts';

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

/** Runs one kind of background work to its end, as somebody who asks for it does; answers with what came of it. */
export async function runJob(
  { cloud }: Pick<TestCloud, 'cloud'>,
  kind: string,
): Promise<{ readonly state: string; readonly failure: string | undefined; readonly summary: string }> {
  const started = await cloud.jobs.start(kind, 0, {});
  if (!started.ok) throw new Error(`${kind}: ${started.error.type}`);
  await cloud.jobs.perform(started.value.id);
  const found = await cloud.jobs.find(started.value.id);
  if (!found.ok) throw new Error(found.error.type);
  const { state, failure, result } = found.value;
  return { state, failure, summary: result?.summary ?? '' };
}

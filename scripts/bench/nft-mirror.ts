// What it takes to read the chain into the rows of tickets' tokens: a whole sale from its first block on, on a real EVM, beside the node's bare
// answers to the same questions, which nobody can read faster than the node gives them.
import { setTimeout } from 'node:timers/promises';
import { assert, ok } from '@postern/shared';
import { createEvents } from '../../cloud-sync/src/services/events.ts';
import { createChain, type Chain } from '../../cloud-sync/src/services/nft/chain.ts';
import { encodeMints, type Mint } from '../../cloud-sync/src/services/nft/contract.ts';
import { deployContract } from '../../cloud-sync/src/services/nft/deploy.ts';
import type { Hex } from '../../cloud-sync/src/services/nft/hex.ts';
import { eventTopics } from '../../cloud-sync/src/services/nft/logs.ts';
import { createMirror } from '../../cloud-sync/src/services/nft/mirror.ts';
import { createRpc } from '../../cloud-sync/src/services/nft/rpc.ts';
import { insertRows } from '../../cloud-sync/src/store/insert-rows.ts';
import { createSystem } from '../../cloud-sync/src/system.ts';
import { anvilAccounts, anvilChainId, anvilKeys, missingAnvil, startAnvil, type Anvil } from '../lib/anvil.ts';
import { withDatabase } from '../lib/cloud-database.ts';
import { withDatabases } from './cloud-rig.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

const mintsPerTransaction = 200;
const lookEveryMs = 50;
const system = createSystem();

interface Sale {
  readonly contract: Hex;
  readonly startBlock: number;
  readonly mints: readonly Mint[];
}
type Range = readonly [from: number, to: number];

export const benchNftMirror: Bench = async ({ quick }) => {
  const missing = missingAnvil();
  if (missing !== undefined) {
    console.log(`   not run: ${missing}`);
    return [];
  }
  const anvil = await startAnvil('--disable-block-gas-limit');
  try {
    const sale = await sell(anvil, quick ? 5_000 : 100_000);
    // The first answer takes a node longer than all that follow.
    await readBare(anvil, sale.contract, [[sale.startBlock, sale.startBlock + 10]]);
    return await withDatabases(async ({ kinds, create }) => {
      const rows: BenchRow[] = [];
      for (const kind of kinds) rows.push(...(await measure(anvil, sale, kind, await create(kind))));
      return rows;
    });
  } finally {
    await anvil.stop();
  }
};

/** So many tokens of one event, on the chain. */
async function sell(anvil: Anvil, tokens: number): Promise<Sale> {
  const deployed = await deployContract(
    { rpc: anvil.url, chainId: anvilChainId, secretKey: anvilKeys[0], name: 'Bench', symbol: 'B', feeMax: 10n ** 12n },
    { timer: system.timer, signal: new AbortController().signal, sent: () => undefined },
  );
  assert(deployed.ok, 'the contract is there');
  const { contract, block: startBlock } = deployed.value;
  const mints = Array.from({ length: tokens }, (_, index) => ({
    wallet: `0x${(index + 1).toString(16).padStart(40, '0')}`,
    token: `0x00000001${index.toString(16).padStart(56, '0')}`,
    reference: `0x${index.toString(16).padStart(64, '0')}`,
  }));
  let last: unknown;
  for (let start = 0; start < tokens; start += mintsPerTransaction)
    last = await anvil.rpc('eth_sendTransaction', {
      from: anvilAccounts[0],
      to: contract,
      data: encodeMints(mints.slice(start, start + mintsPerTransaction)),
      gas: '0x2faf080',
    });
  // Taken is not mined yet.
  while ((await anvil.rpc('eth_getTransactionReceipt', last)) === null) await setTimeout(lookEveryMs);
  return { contract, startBlock, mints };
}

async function measure(
  anvil: Anvil,
  { contract, startBlock, mints }: Sale,
  kind: string,
  databaseUrl: string,
): Promise<readonly BenchRow[]> {
  const ranges: Range[] = [];
  const place = { chainId: anvilChainId, contract };
  const chain = noteRanges(
    createChain({ ...place, rpcs: [createRpc({ url: anvil.url, timer: system.timer })], clock: system.clock }),
    ranges,
  );
  const seconds = await withDatabase(databaseUrl, async (database) => {
    const { clock, random } = system;
    await createEvents({ database, clock, random }).create({ name: 'Sale', types: [], zones: [] } as never);
    const untouched = { mint: null, owner: null, followed: null, handed_on: 0, locked: 0, consumed: 0, block: null };
    await insertRows(
      database,
      'nft_token',
      mints.map(({ token, wallet, reference }) => ({
        event: 1,
        chain: chain.key,
        token,
        ticket: token.slice(-32),
        epoch: 0,
        wallet,
        reference,
        created_at_ms: 0,
        ...untouched,
        consumption: null,
        revision: 0,
      })),
    );
    const mirror = createMirror({ database, clock, chain, startBlock, confirmations: 0, changed: () => undefined });
    const started = performance.now();
    const read = await mirror.read({
      signal: new AbortController().signal,
      fence: async () => undefined,
      report: () => undefined,
    });
    const took = (performance.now() - started) / 1_000;
    if (!read.ok) throw new Error(read.error.detail);
    assert(read.value.events === mints.length, 'every mint was read');
    return took;
  });
  const bareSeconds = await readBare(anvil, contract, ranges);
  const tokens = mints.length.toLocaleString('en');
  return [
    benchRow(
      `catch up with the chain after a sale of ${tokens} tokens, ${kind}, beside bare eth_getLogs of the same ranges`,
      seconds,
      's',
      { baseline: bareSeconds },
    ),
    benchRow(`token events read a second, ${kind}`, mints.length / seconds, '/s', {
      baseline: mints.length / bareSeconds,
    }),
  ];
}

/** The same chain; whoever asks for logs leaves which blocks they were of. */
const noteRanges = (chain: Chain, ranges: Range[]): Chain => ({
  ...chain,
  connect: async (signal) => {
    const connected = await chain.connect(signal);
    if (!connected.ok) return connected;
    const { events } = connected.value;
    return ok({
      ...connected.value,
      events: async (from, to) => {
        const found = await events(from, to);
        if (found.ok) ranges.push([from, to]);
        return found;
      },
    });
  },
});

/** Asked and taken for JSON, no more. */
async function readBare(anvil: Anvil, address: string, ranges: readonly Range[]): Promise<number> {
  const started = performance.now();
  for (const [from, to] of ranges)
    await anvil.rpc('eth_getLogs', {
      address,
      fromBlock: `0x${from.toString(16)}`,
      toBlock: `0x${to.toString(16)}`,
      topics: [Object.values(eventTopics)],
    });
  return (performance.now() - started) / 1_000;
}

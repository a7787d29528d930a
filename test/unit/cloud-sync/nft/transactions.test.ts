// Goal: no nonce is given twice, whoever signs at the same moment; and what the cloud calls is what the contract has.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toEventSelector, toFunctionSelector } from 'viem';
import { contractAbi, createSigner } from '../../../../cloud-sync/src/services/nft/contract.ts';
import { bumpFees, chooseFees } from '../../../../cloud-sync/src/services/nft/fees.ts';
import { eventTopics } from '../../../../cloud-sync/src/services/nft/logs.ts';
import { storeTransaction, type Account } from '../../../../cloud-sync/src/services/nft/transaction-rows.ts';
import { openDatabase, type Database } from '../../../../cloud-sync/src/store/database.ts';
import { silentLog } from '../../../support/cloud.ts';
import { databaseKind, openTestDatabase, type OpenTestDatabase } from '../../../support/database.ts';

describe('two that sign for one account, on PostgreSQL each by a connection of its own,', () => {
  let opened: OpenTestDatabase;
  let second: Database;
  beforeEach(async () => {
    opened = await openTestDatabase();
    second = opened.database;
    // SQLite waits for a place by standing still, and within one process the other would stand still, too.
    if (databaseKind() === 'sqlite') return;
    const another = openDatabase(opened.url, silentLog);
    if (!another.ok) throw new Error('no database');
    second = another.value;
  });
  afterEach(async () => {
    if (second !== opened.database) await second.destroy();
    await opened.close();
  });

  it('never give one nonce twice, and leave no gap', async () => {
    const contract = `0x${'c0'.repeat(20)}` as const;
    const account: Account = { chain: `7/${contract}`, chainId: 7, contract, signer: createSigner('11'.repeat(32)) };
    let ids = 0;
    const store = (database: Database): Promise<number> =>
      database.transaction().execute(async (queries) => {
        const { nonce } = await storeTransaction(
          queries,
          account,
          { kind: 'consume', data: '0x', gas: 21_000, maxFee: 2n, priorityFee: 1n },
          { countOnChain: 5, random: (bytes) => new Uint8Array(bytes).fill(++ids), nowMs: 1 },
        );
        return nonce;
      });
    const nonces = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store(index % 2 === 0 ? opened.database : second)),
    );
    expect(nonces.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 5));
  });
});

describe('the interface', () => {
  const { abi } = JSON.parse(
    readFileSync(new URL('../../../../cloud-sync/contracts/PosternTicket.json', import.meta.url), 'utf8'),
  ) as { readonly abi: typeof contractAbi };

  it('has what the cloud calls', () => {
    const there = new Set(abi.flatMap((item) => (item.type === 'function' ? [toFunctionSelector(item)] : [])));
    const called = contractAbi.flatMap((item) => (item.type === 'function' ? [toFunctionSelector(item)] : []));
    expect(called.length).toBeGreaterThan(3);
    expect(called.filter((selector) => !there.has(selector))).toEqual([]);
    expect(abi.find(({ type }) => type === 'constructor')?.inputs.map(({ type }) => type)).toEqual(
      contractAbi.find(({ type }) => type === 'constructor')?.inputs.map(({ type }) => type),
    );
  });

  it('writes what the cloud reads', () => {
    const events = abi as readonly { readonly type: string }[];
    const written = events.flatMap((item) => (item.type === 'event' ? [toEventSelector(item as never)] : []));
    expect(Object.values(eventTopics).filter((topic) => !written.includes(topic))).toEqual([]);
  });
});

describe('fees', () => {
  it('leave room for a base fee that doubles, and never exceed what is allowed', () => {
    expect(chooseFees({ baseFee: 10n, priorityFee: 2n }, 100n)).toEqual({
      ok: true,
      value: { maxFee: 22n, priorityFee: 2n },
    });
    expect(chooseFees({ baseFee: 60n, priorityFee: 2n }, 100n)).toMatchObject({ value: { maxFee: 100n } });
    expect(chooseFees({ baseFee: 99n, priorityFee: 2n }, 100n)).toMatchObject({ error: { type: 'fee-too-high' } });
  });

  it('of a replacement are a quarter more, or what the chain costs now', () => {
    const last = { maxFee: 40n, priorityFee: 4n };
    expect(bumpFees(last, { baseFee: 1n, priorityFee: 1n }, 1_000n)).toEqual({ maxFee: 51n, priorityFee: 6n });
    expect(bumpFees(last, { baseFee: 100n, priorityFee: 9n }, 1_000n)).toEqual({ maxFee: 209n, priorityFee: 9n });
    expect(bumpFees(last, { baseFee: 1n, priorityFee: 1n }, 50n)).toBeUndefined();
  });
});

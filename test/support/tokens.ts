// Tokens of tickets as the mirror of a chain has them, put into a test cloud's database without a chain, and wallets that hold them.
import {
  bytesToHex,
  encodeWalletCode,
  hashTypedData,
  stepStartS,
  tokenIdSchema,
  walletCodeDigest,
  walletFromSecret,
  type Address,
  type TypedData,
  type WalletBindingRequest,
  type WalletChallenge,
  type WalletCode,
} from '@postern/shared';
import { chainKey } from '../../cloud-sync/src/services/nft/chain-place.ts';
import { tokenName } from '../../cloud-sync/src/services/nft/feed-tokens.ts';
import { openDatabase, type Database } from '../../cloud-sync/src/store/database.ts';
import { silentLog, type CloudAccess, type TestCloud } from './cloud.ts';

export const tokenContract: Address = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
export const tokenRules = { chainId: 31_337, contract: tokenContract };

export type TestWallet = ReturnType<typeof walletFromSecret>;
export const testWallet = (fill: number): TestWallet => walletFromSecret(new Uint8Array(32).fill(fill));

/** What the wallet's holder shows now. */
export const showWallet = (
  test: TestCloud,
  wallet: TestWallet,
  tokenId: bigint,
  said: Partial<WalletCode> = {},
): string => {
  const issuedAtS = stepStartS(test.time.clock.wallMs());
  const facts = { ...tokenRules, event: 1, tokenId, issuedAtS, form: 'text', ...said } as const;
  return encodeWalletCode({ ...facts, signature: wallet.sign(walletCodeDigest(facts, facts.form)) });
};

/** `0x…`, as `eth_signTypedData_v4` answers. */
export const signTyped = (wallet: TestWallet, typedData: unknown): string =>
  `0x${bytesToHex(wallet.sign(hashTypedData(typedData as TypedData)))}`;

export interface Chain {
  /** The token stands for the ticket, or has changed hands: as the mirror writes it. */
  readonly own: (tokenId: bigint, ticket: string, owner: Address, more?: TokenFields) => Promise<void>;
  /** The chain was read up to this block, of this time. */
  readonly read: (block: number, atMs: number) => Promise<void>;
}

interface TokenFields {
  readonly epoch?: number;
  readonly consumed?: number;
  readonly consumption?: string | null;
  readonly handed_on?: number;
}

async function withDatabase(test: TestCloud, work: (database: Database) => Promise<unknown>): Promise<void> {
  const opened = openDatabase(test.databaseUrl, silentLog);
  if (!opened.ok) throw new Error('no database');
  await work(opened.value);
  await opened.value.destroy();
}

export const chainOf = (test: TestCloud, event = 1): Chain => ({
  own: (tokenId, ticket, owner, more = {}) =>
    withDatabase(test, async (database) => {
      const { revision } = await database
        .updateTable('event')
        .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
        .where('id', '=', event)
        .returning('revision')
        .executeTakeFirstOrThrow();
      const state = { epoch: 0, locked: 0, consumed: 0, handed_on: 0, block: 10, ...more, owner, revision };
      const token = tokenName(BigInt(tokenIdSchema.parse(tokenId.toString())));
      await database
        .insertInto('nft_token')
        .values({
          event,
          chain: chainKey(tokenRules),
          token,
          ticket,
          wallet: owner,
          reference: `0x${'7e'.repeat(32)}`,
          created_at_ms: test.time.clock.wallMs(),
          ...state,
        })
        .onConflict((conflict) => conflict.columns(['event', 'chain', 'token']).doUpdateSet(state))
        .execute();
    }),
  read: (block, atMs) =>
    withDatabase(test, async (database) => {
      const state = { next_block: block + 1, block_at_ms: atMs, head: block + 5 };
      await database
        .insertInto('nft_chain')
        .values({ chain: chainKey(tokenRules), ...state, read_at_ms: atMs, problem: null, rewound: 0 })
        .onConflict((conflict) => conflict.column('chain').doUpdateSet(state))
        .execute();
    }),
});

/** All that a wallet sends to let the phone with this key show the ticket. */
export async function answerChallenge(
  cloud: Pick<CloudAccess, 'json'>,
  event: number,
  { wallet, tokenId, holderKey }: { readonly wallet: TestWallet; readonly tokenId: bigint; readonly holderKey: string },
): Promise<WalletBindingRequest> {
  const token = tokenId.toString();
  const { nonce, deadline, typedData } = await cloud.json<WalletChallenge>(
    'POST',
    `/api/events/${event}/wallet-challenges`,
    { token, holderKey },
  );
  return { token, holderKey, nonce, deadline, signature: signTyped(wallet, typedData) };
}

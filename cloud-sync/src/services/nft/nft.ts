// Tickets as tokens of a contract on a chain, put together for a deployment whose settings name one. Loaded only there.
import { err, ok, type NftStatus, type Result, type Timer, type TokenView } from '@postern/shared';
import type { Database } from '../../store/database.ts';
import type { JobKind } from '../jobs/job-kind.ts';
import type { Keys } from '../keys.ts';
import type { Failure } from '../problems.ts';
import { createChain, type Chain } from './chain.ts';
import type { ChainPlace } from './chain-place.ts';
import { readChainHead, readProblem } from './chain-rows.ts';
import { createSigner, encodeFreeze, encodeFrozenFrom } from './contract.ts';
import type { Hex } from './hex.ts';
import { createTokenMints, type TokenMints } from './mints.ts';
import { createMirror } from './mirror.ts';
import { nftJobs, transactionsName } from './nft-jobs.ts';
import { createRpc, type ChainError } from './rpc.ts';
import { createSender, prepareTransaction, sendRaw, type SenderDeps } from './sender.ts';
import { storeTransaction } from './transaction-rows.ts';
import { followTransfers, type TransfersDeps } from './transfers.ts';

/** What the settings say. */
export interface NftSettings extends ChainPlace {
  readonly rpcs: readonly string[];
  readonly startBlock: number;
  readonly confirmations: number;
  /** Wei for a unit of gas. */
  readonly feeMax: bigint;
  readonly consumeAfterMs: number;
}

export interface Nft {
  readonly chain: Chain;
  readonly mints: TokenMints;
  readonly kinds: readonly JobKind[];
  /** All of a ticket, the latest first. */
  readonly listTokens: (event: number, ticketId: string) => Promise<readonly TokenView[]>;
  readonly status: () => Promise<NftStatus>;
  /** From then on (Unix ms; undefined: never) the event's tokens stay where they are; answers with the transaction's hash. */
  readonly freeze: (event: number, fromMs: number | undefined, signal: AbortSignal) => Promise<Result<Hex, Failure>>;
  /** As the contract has it now; undefined: never. */
  readonly frozenFromMs: (event: number, signal: AbortSignal) => Promise<Result<number | undefined, Failure>>;
}

export interface NftDeps extends Omit<SenderDeps, 'chain' | 'signer' | 'confirmations' | 'feeMax' | 'consumeAfterMs'> {
  readonly database: Database;
  readonly timer: Timer;
  readonly settings: NftSettings;
  /** 64 hexadecimal digits. */
  readonly secretKey: string;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly transfers: Omit<TransfersDeps, 'database' | 'clock' | 'chain' | 'changed'>;
  readonly changed: (event: number) => void;
  /** Begins a run of this kind. */
  readonly begin: (kind: string) => void;
}

export function createNft(deps: NftDeps): Nft {
  const { database, clock, random, timer, settings, secretKey, keys, changed } = deps;
  const { chainId, contract, startBlock, confirmations, feeMax, consumeAfterMs } = settings;
  const signer = createSigner(secretKey);
  const rpcs = settings.rpcs.map((url, id) => createRpc({ id, url, timer }));
  const chain = createChain({ rpcs, clock, chainId, contract });
  const mirror = createMirror({ database, clock, chain, startBlock, confirmations, changed });
  const sender = createSender({ database, clock, random, chain, signer, confirmations, feeMax, consumeAfterMs });
  const countTokens = async (where: 'all' | 'unconfirmed' | 'consumed'): Promise<number> => {
    let counted = database
      .selectFrom('nft_token')
      .select(({ fn }) => fn.countAll<number>().as('tokens'))
      .where('chain', '=', chain.key);
    if (where === 'unconfirmed') counted = counted.where('owner', 'is', null);
    if (where === 'consumed') counted = counted.where('consumed', '=', 1);
    return (await counted.executeTakeFirstOrThrow()).tokens;
  };

  const mints = createTokenMints({
    place: settings,
    chain: chain.key,
    keys,
    wake: () => deps.begin(transactionsName),
  });

  return {
    chain,
    mints,
    listTokens: (event, ticketId) => mints.list(database, event, ticketId),
    kinds: nftJobs({
      clock,
      mirror,
      sender,
      followTransfers: (reading) =>
        followTransfers({ ...deps.transfers, database, clock, chain: chain.key, changed }, reading),
    }),
    status: async () => {
      const row = await database.selectFrom('nft_chain').selectAll().where('chain', '=', chain.key).executeTakeFirst();
      const { underWay } = await database
        .selectFrom('nft_transaction')
        .select(({ fn }) => fn.countAll<number>().as('underWay'))
        .where('chain', '=', chain.key)
        .where('state', 'in', ['sent', 'mined'])
        .executeTakeFirstOrThrow();
      const through = await readChainHead(database, chain.key);
      const problem = row === undefined ? undefined : readProblem(row);
      return {
        chainId,
        contract,
        account: signer.address,
        ...(through === undefined ? {} : { through: through.block }),
        ...(row === undefined || row.read_at_ms === null ? {} : { head: row.head, readAtMs: row.read_at_ms }),
        rewound: row?.rewound ?? 0,
        ...(problem === undefined ? {} : { problem }),
        tokens: {
          all: await countTokens('all'),
          unconfirmed: await countTokens('unconfirmed'),
          consumed: await countTokens('consumed'),
        },
        underWay,
      };
    },
    freeze: async (event, fromMs, signal) => {
      const connected = await chain.connect(signal);
      if (!connected.ok) return toFailure(connected.error);
      const connection = connected.value;
      const head = await connection.block('latest');
      if (!head.ok || head.value === undefined) return toFailure(head.ok ? undefined : head.error);
      const data = encodeFreeze(event, fromMs === undefined ? 0 : Math.ceil(fromMs / 1_000));
      const prepared = await prepareTransaction(connection, sender.account, data, head.value, feeMax);
      if (!prepared.ok) return toFailure(prepared.error);
      const { gas, fees, countOnChain } = prepared.value;
      const stored = await database
        .transaction()
        .execute((queries) =>
          storeTransaction(
            queries,
            sender.account,
            { kind: 'freeze', data, gas, ...fees },
            { countOnChain, random, nowMs: clock.wallMs() },
          ),
        );
      // Should this fail, the job sends it again.
      await sendRaw(connection, signer, stored);
      deps.begin(transactionsName);
      return ok(stored.attempts.at(-1)?.hash ?? '0x');
    },
    frozenFromMs: async (event, signal) => {
      const connected = await chain.connect(signal);
      if (!connected.ok) return toFailure(connected.error);
      const answered = await connected.value.call({ to: contract, data: encodeFrozenFrom(event) });
      if (!answered.ok) return toFailure(answered.error);
      const fromS = Number(BigInt(answered.value));
      return ok(fromS === 0 || !Number.isSafeInteger(fromS * 1_000) ? undefined : fromS * 1_000);
    },
  };
}

const toFailure = (error: ChainError | undefined): Result<never, Failure> =>
  err({ type: 'chain-unavailable', ...(error === undefined ? {} : { detail: error.detail }) });

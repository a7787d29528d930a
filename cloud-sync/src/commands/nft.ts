// `cloud-sync nft deploy | status | freeze`: tickets that are tokens on a chain. Which chain, and the key that signs, come from the settings: lists
// of processes show flags.
import type { Result, Timer } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { Config } from '../config.ts';
import { systemActor, type AuditRecord } from '../services/audit.ts';
import type { Nft } from '../services/nft/nft.ts';
import type { ChainError } from '../services/nft/rpc.ts';
import { readNftKey } from '../services/nft/signing-key.ts';
import { eventArgument, placeArguments, timeText, type CommandTools } from './command-tools.ts';

/** What the command needs of an opened service. */
interface NftCloud {
  readonly nft: Nft | undefined;
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
}

export interface NftTools extends CommandTools<NftCloud> {
  readonly readSettings: (args: {
    readonly data?: string | undefined;
    readonly database?: string | undefined;
  }) => Config;
  readonly timer: Timer;
}

const weiPerGwei = 1_000_000_000n;
const unset =
  'the settings name no contract of tickets: set POSTERN_CLOUD_NFT_RPC, _CHAIN_ID, _KEY_FILE and _CONTRACT (cloud-sync nft deploy makes one).';

export const createNftCommand = (tools: NftTools): CommandDef =>
  defineCommand({
    meta: { name: 'nft', description: 'Tickets that are tokens on a chain: deploy, status, freeze' },
    subCommands: { deploy: createDeploy(tools), status: createStatus(tools), freeze: createFreeze(tools) },
  });

const deployArguments = {
  ...placeArguments,
  name: { type: 'string', default: 'Postern tickets', description: 'Name of the tokens in wallets', valueHint: 'TEXT' },
  symbol: { type: 'string', default: 'TICKET', description: 'Their symbol', valueHint: 'TEXT' },
} as const;

const createDeploy = ({ readSettings, timer, fail }: NftTools): CommandDef<typeof deployArguments> =>
  defineCommand({
    meta: {
      name: 'deploy',
      description: 'Put the contract onto the chain; the account of the key pays and gets every role',
    },
    args: deployArguments,
    run: async ({ args }) => {
      const settings = readSettings(args).nft;
      if (settings === undefined)
        return fail('set POSTERN_CLOUD_NFT_RPC, POSTERN_CLOUD_NFT_CHAIN_ID and POSTERN_CLOUD_NFT_KEY_FILE first.');
      if (settings.contract !== undefined)
        return fail(`the settings name a contract already, ${settings.contract}: take it out of them to make another.`);
      const key = readNftKey(settings);
      if (!key.ok) return fail(`${key.error.cause}.`);
      const { deployContract } = await import('../services/nft/deploy.ts');
      const { signal } = new AbortController();
      const deployed = orFail(
        await deployContract(
          {
            rpc: settings.rpcs[0] ?? '',
            chainId: settings.chainId,
            secretKey: key.value,
            name: args.name,
            symbol: args.symbol,
            feeMax: BigInt(settings.feeMax) * weiPerGwei,
          },
          {
            timer,
            signal,
            sent: (hash) => console.error(`cloud-sync: sent as ${hash}; waiting until it is in a block`),
          },
        ),
        fail,
      );
      console.log(`The contract is at ${deployed.contract}. Start every process with
  POSTERN_CLOUD_NFT_CONTRACT=${deployed.contract}
  POSTERN_CLOUD_NFT_START_BLOCK=${deployed.block}
and name it in the rules of events: "nft": {"chainId": ${settings.chainId}, "contract": "${deployed.contract}"}
${deployed.account} has every role. Keep coins in that account: it pays for every mint and use.`);
    },
  });

const createStatus = ({ withCloud, fail }: NftTools): CommandDef<typeof placeArguments> =>
  defineCommand({
    meta: { name: 'status', description: 'How far the chain was read, and what is under way' },
    args: placeArguments,
    run: ({ args }) =>
      withCloud(args, async ({ nft }) => {
        if (nft === undefined) return fail(unset);
        const { chainId, contract, account, through, head, readAtMs, rewound, problem, tokens, underWay } =
          await nft.status();
        console.log(`Contract ${contract} on chain ${chainId}; ${account} signs.`);
        console.log(
          through === undefined
            ? 'The chain was never read.'
            : `Read up to block ${through} of ${head ?? through}${readAtMs === undefined ? '' : `, ${timeText(readAtMs)}`}; reorganised ${rewound} times.`,
        );
        console.log(
          `${tokens.all} tokens, ${tokens.unconfirmed} of them not confirmed yet, ${tokens.consumed} consumed; ${underWay} transactions under way.`,
        );
        if (problem !== undefined) console.log(`Since ${timeText(problem.atMs)}: ${problem.detail}`);
      }),
  });

const freezeArguments = {
  ...placeArguments,
  ...eventArgument,
  from: {
    type: 'string',
    required: true,
    description: 'Time, as 2026-11-27T18:00:00Z; never lifts it',
    valueHint: 'TIME',
  },
} as const;

const createFreeze = ({ withCloud, eventNumber, orExit, fail }: NftTools): CommandDef<typeof freezeArguments> =>
  defineCommand({
    meta: { name: 'freeze', description: 'From then on the contract moves no token of the event' },
    args: freezeArguments,
    run: async ({ args }) => {
      const event = eventNumber(args.event);
      const fromMs = args.from === 'never' ? undefined : Date.parse(args.from);
      if (Number.isNaN(fromMs))
        return fail(`--from must be a time such as 2026-11-27T18:00:00Z, or never, not "${args.from}".`);
      await withCloud(args, async ({ nft, recordAlone }) => {
        if (nft === undefined) return fail(unset);
        const { signal } = new AbortController();
        const hash = orExit(await nft.freeze(event, fromMs, signal));
        await recordAlone({ action: 'tokens-frozen', actor: systemActor, event });
        console.log(`Sent as ${hash}. It is in force once it is in a block.`);
      });
    },
  });

function orFail<T>(result: Result<T, ChainError>, fail: (message: string) => never): T {
  return result.ok ? result.value : fail(result.error.detail);
}

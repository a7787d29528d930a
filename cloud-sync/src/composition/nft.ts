// Tickets as tokens on a chain, where the settings name a contract. What it takes is loaded only there.
import { keyId, ok, type Result } from '@postern/shared';
import type { Jobs } from '../services/jobs/jobs.ts';
import type { Nft } from '../services/nft/nft.ts';
import { readNftKey, type NftKeyError } from '../services/nft/signing-key.ts';
import type { EventServices } from './events.ts';
import type { Foundation } from './foundation.ts';

export interface NftServices {
  /** Absent where the settings name no contract. */
  readonly nft: Nft | undefined;
  /** What runs its background work; nobody until then. */
  readonly runNftBy: (jobs: Pick<Jobs, 'start'>) => void;
}

const weiPerGwei = 1_000_000_000n;

export async function openNft(
  foundation: Foundation,
  { feed }: Pick<EventServices, 'feed'>,
): Promise<Result<NftServices, NftKeyError>> {
  const { config, log, audit, outbox, keys } = foundation;
  if (config.nft?.contract === undefined) return ok({ nft: undefined, runNftBy: () => undefined });
  const secretKey = readNftKey(config.nft);
  if (!secretKey.ok) return secretKey;
  const { rpcs, chainId, contract, startBlock, confirmations, feeMax, consumeAfterS } = config.nft;
  let jobs: Pick<Jobs, 'start'> | undefined;
  const { createNft } = await import('../services/nft/nft.ts');
  const nft = createNft({
    ...foundation,
    settings: {
      rpcs,
      chainId,
      contract,
      startBlock,
      confirmations,
      feeMax: BigInt(feeMax) * weiPerGwei,
      consumeAfterMs: consumeAfterS * 1_000,
    },
    secretKey: secretKey.value,
    transfers: {
      audit,
      tell: outbox.tellTickets,
      issuerKeyId: async () => keyId((await keys.current()).issuer.publicKey),
    },
    changed: feed.changed,
    begin: (kind) => {
      jobs
        ?.start(kind, 0, {})
        .catch((cause: unknown) => log.warn({ kind, cause: String(cause) }, 'work about the chain could not be begun'));
    },
  });
  return ok({
    nft,
    runNftBy: (running) => {
      jobs = running;
    },
  });
}

// The two kinds of background work about the chain. Both go each minute, and sooner while there is something to follow; whatever is wrong with
// the chain is their failure, told in one sentence, and nobody else's.
import { err, ok, type Clock, type JobResult, type Result } from '@postern/shared';
import { z } from 'zod';
import { defineJob, type JobFailure, type JobKind } from '../jobs/job-kind.ts';
import type { Mirror, Reading } from './mirror.ts';
import type { ChainError } from './rpc.ts';
import type { Sender } from './sender.ts';

export const mirrorName = 'nft-mirror';
export const transactionsName = 'nft-transactions';
/** A block of most chains takes as long. */
const lookAgainMs = 12_000;

export interface NftJobsDeps {
  readonly clock: Clock;
  readonly mirror: Mirror;
  readonly sender: Sender;
  /** Tickets go where their tokens went; answers with how many. */
  readonly followTransfers: (reading: Pick<Reading, 'signal' | 'fence'>) => Promise<number>;
}

export const nftJobs = ({ clock, mirror, sender, followTransfers }: NftJobsDeps): readonly JobKind[] => {
  /** What was sent shows soon; what others do on the chain is known within a minute. */
  const soonWhileUnderWay = async (): Promise<number | undefined> =>
    (await sender.hasWork()) ? clock.wallMs() + lookAgainMs : undefined;
  return [
    defineJob({
      name: mirrorName,
      title: 'Reads from the chain whose the tickets’ tokens are',
      about: 'deployment',
      schedule: '* * * * *',
      nextDueMs: soonWhileUnderWay,
      runNow: true,
      parameters: z.strictObject({}),
      run: async ({ signal, fence, report }) => {
        const read = await mirror.read({ signal, fence, report });
        // What an earlier run has read is followed also while the chain is down.
        const followed = await followTransfers({ signal, fence });
        if (!read.ok) return toFailure(read);
        const { events, strangers, blocks, rewound, through } = read.value;
        const back = rewound === 0 ? '' : ' The chain was reorganised: blocks were taken back.';
        return ok({
          counts: { events, strangers, blocks, rewound, transfers: followed },
          summary: `Read ${blocks} blocks up to ${through}: ${events} events of tickets.${back}`,
        });
      },
    }),
    defineJob({
      name: transactionsName,
      title: 'Mints tokens of tickets on the chain, and consumes those of tickets that were used',
      about: 'deployment',
      schedule: '* * * * *',
      nextDueMs: soonWhileUnderWay,
      runNow: true,
      parameters: z.strictObject({}),
      run: async ({ signal, fence }) => {
        // No node is asked for nothing.
        if (!(await sender.hasWork())) return ok({ counts: {}, summary: 'Nothing was to be sent.' });
        const sent = await sender.send({ signal, fence });
        if (!sent.ok) return toFailure(sent);
        const counts = { ...sent.value };
        return ok({
          counts,
          summary: `Sent ${counts.sent} transactions, replaced ${counts.replaced}; ${counts.final} are final, ${counts.reverted} came to nothing, ${counts.underWay} are under way.`,
        });
      },
    }),
  ];
};

/** One that was stopped ends as that by itself. */
function toFailure({ error }: { readonly error: ChainError }): Result<JobResult, JobFailure> {
  return err({ type: error.type, detail: error.detail });
}

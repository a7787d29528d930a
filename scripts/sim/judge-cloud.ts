// What the cloud's database makes of the day, against what the gates' code makes of the same marks and against the judge's own count of
// people. In some of the worlds: a database takes longer than the rest of a judgement.
import { foldTicketHistory } from '@postern/shared';
import type { CloudProcess } from './cloud-process.ts';
import { projectAtCloud } from './cloud-projection.ts';
import { movesAtCloud, personsDue } from './judge-persons.ts';
import type { Judgement } from './judgement.ts';
import type { World } from './world.ts';

type Parts = Pick<Judgement, 'referee' | 'event' | 'tickets' | 'policy'> & {
  readonly cloud: CloudProcess;
  readonly world: Pick<World, 'wallMs' | 'queue' | 'trace'>;
};

export async function judgeCloud({ referee, event, tickets, policy, cloud, world }: Parts): Promise<void> {
  const projection = await projectAtCloud({
    policy,
    tickets,
    clock: { wallMs: world.wallMs, monotonicMs: world.queue.nowMs },
    transactions: cloud.disk.replica.all(),
  });
  const { ofTicket } = cloud.known;
  const cases = tickets
    .flatMap((ticket) => foldTicketHistory(ofTicket(ticket.id), policy, ticket).cases.map(({ id }) => id))
    .toSorted();
  const due = personsDue(
    cloud.replica.marks(event).map(({ mark }) => mark),
    movesAtCloud,
  );
  const compare = (what: string, found: string, expected: string): void => {
    if (found !== expected)
      referee.violate('cloud-projection-wrong', `the cloud's database has ${what} ${found} where ${expected} are due`);
  };
  compare('refusals', projection.refused.join(', '), '');
  compare('content', projection.contentHash, await cloud.replica.contentHash(event));
  compare('cases', projection.cases.join(' '), cases.join(' '));
  compare('persons', String(projection.persons), `${due.persons}`);
  world.trace.note('project', projection.persons, ...projection.cases);
}

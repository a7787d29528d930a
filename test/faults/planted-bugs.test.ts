// A simulation that finds nothing proves nothing unless it finds what is there: each planted bug must be caught within fifty small worlds,
// by an invariant that is about it. A run stops at the first hit.
import { beforeAll, expect, test } from 'vitest';
import { loadLedger, ready, type Ledger } from '@postern/shared';
import { plantedBugs, type PlantedBug } from '../../scripts/sim/planted-bugs.ts';
import type { Invariant } from '../../scripts/sim/referee.ts';
import { simulate } from '../../scripts/sim/simulation.ts';

const worldsMax = 50;

/** What gives a bug away. */
const givenAwayBy: Readonly<Record<PlantedBug, readonly Invariant[]>> = {
  'skip-fsync': ['acknowledged-mark-lost'],
  'last-writer-wins': ['case-wrong'],
  'skip-signature': ['unsigned-mark-merged', 'honest-gate-quarantined'],
  'reuse-actor': ['sequence-broken'],
  'ignore-gap': ['sequence-broken'],
  'trust-arrival-order': ['case-wrong'],
  'decide-without-history': ['known-use-admitted'],
  'take-older-feed': ['feed-went-back'],
  'trust-revoked-gate': ['revoked-gate-merged'],
  'trust-revoked-key': ['revoked-key-admitted'],
  'ignore-accepted-heads': ['not-converged', 'acknowledged-mark-lost', 'accepted-history-wrong'],
  'keep-what-is-not-accepted': ['not-converged', 'replicas-differ', 'accepted-history-wrong'],
  'ignore-denials': ['denied-ticket-admitted'],
  'last-band-wins': ['bindings-wrong'],
  'recount-on-arrival': ['persons-wrong'],
  'count-rehearsals': ['rehearsal-counted', 'case-wrong'],
  'overlook-orders': ['order-disobeyed'],
  'ignore-lifts': ['order-disobeyed', 'orders-wrong'],
  'drop-on-reconnect': [
    'acknowledged-mark-lost',
    'not-converged',
    'mark-not-propagated',
    'use-admitted-after-propagation',
    'denied-ticket-admitted',
  ],
};

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

test.each(plantedBugs)(`%s is caught within ${worldsMax} small worlds`, async (bug) => {
  let caught: Invariant | undefined;
  for (let seed = 1; seed <= worldsMax && caught === undefined; seed++)
    caught = (await simulate({ seed, size: 'small', ledger, bug })).violations[0]?.invariant;
  expect(givenAwayBy[bug]).toContain(caught);
});

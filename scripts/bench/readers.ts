// Readers and turnstiles on their driver stacks: taps, adapters that come back, commands to relays, and gates that wait with all of their readers.
import { ready } from '@postern/shared';
import { benchBandReturns } from './band-returns.ts';
import { benchTaps } from './reader-taps.ts';
import { benchRelays } from './relay-orders.ts';
import type { Bench } from './row.ts';
import { benchWholeGates } from './whole-gates.ts';

export const benchReaders: Bench = async (options) => {
  await ready;
  return [
    ...(await benchTaps(options)),
    ...(await benchBandReturns(options)),
    ...(await benchRelays(options)),
    ...(await benchWholeGates(options)),
  ];
};

// What every way to prove a ticket costs a gate: the time of `verify` with a real ticket list on the disk, beside the arithmetic that it cannot
// do without, and the bytes that it adds to the list for every ticket.
import { join } from 'node:path';
import { assert, knownMethods, ready, type Lookups, type VerificationMethod } from '@postern/shared';
import { buildSnapshot, generatedTicket, type CodedTicket } from '../lib/build-feed.ts';
import { compareAsync } from './compare.ts';
import { applySnapshot, benchFolder, benchPolicy, openBenchFeed } from './gate-rig.ts';
import { boundTag, chainHead, createMethodSamples, nftRules, tokenRowOf, type MethodSample } from './method-samples.ts';
import { benchRow, type Bench, type BenchRow } from './row.ts';

/** What a method needs in the list for every ticket. One that is not named here needs nothing: its proof carries it, or marks do. */
const ticketRows: Readonly<Record<string, (index: number) => Partial<CodedTicket>>> = {
  code: (index) => ({ code: generatedTicket(index, true).code ?? '' }),
  nft: (index) => ({ token: tokenRowOf(index) }),
};

export const benchMethods: Bench = async ({ quick }) => {
  await ready;
  const count = quick ? 20_000 : 200_000;
  const folder = benchFolder();
  try {
    const sizes = measureSizes(folder.path, count);
    return [...(await measureTimes(folder.path, count, quick ? 300 : 3_000)), ...sizes];
  } finally {
    folder.remove();
  }
};

async function measureTimes(folder: string, count: number, rounds: number): Promise<readonly BenchRow[]> {
  const snapshot = buildSnapshot({
    path: join(folder, 'all.gz'),
    withTokens: true,
    tickets: ticketsWith(count, Object.values(ticketRows)),
  });
  const cache = await openBenchFeed(join(folder, 'gate'));
  try {
    await applySnapshot(cache, snapshot, { policy: { ...benchPolicy, nft: nftRules }, chain: chainHead });
    const feed = cache.current();
    assert(feed !== undefined, 'the gate has its list');
    const samples = createMethodSamples();
    const unmeasured = knownMethods.filter(({ id }) => samples.every(({ method }) => method !== id));
    assert(unmeasured.length === 0, `a sample of ${unmeasured.map(({ id }) => id).join(', ')}`);
    const rows: BenchRow[] = [];
    const known: Lookups = { ...feed.tickets, tag: boundTag(feed.tickets.tagHash) };
    for (const sample of samples) rows.push(await measureVerify(sample, known, rounds));
    return rows;
  } finally {
    cache.close();
  }
}

async function measureVerify(sample: MethodSample, known: Lookups, rounds: number): Promise<BenchRow> {
  const method = knownMethods.find(({ id }) => id === sample.method);
  assert(method !== undefined, `a method ${sample.method}`);
  const verify = verifier(method, sample, { ...known, ...sample.lookups });
  const { floor, way } = sample;
  const claim = await verify();
  assert(claim.ok, `${sample.method} proves its ticket: ${claim.ok ? '' : claim.error.type}`);
  const { us, baselineUs } = await compareAsync(rounds, verify, floor.run);
  const name = `verify by ${sample.method}${way === undefined ? '' : ` (${way})`}, beside ${floor.name}`;
  return benchRow(name, us, 'us', { baseline: baselineUs });
}

const verifier =
  (method: VerificationMethod, { shown }: MethodSample, lookups: Lookups): (() => ReturnType<typeof method.verify>) =>
  () =>
    method.verify(shown, lookups, noSignal);
const noSignal = new AbortController().signal;

function measureSizes(folder: string, count: number): readonly BenchRow[] {
  const sizeWith = (methods: readonly string[]): number =>
    buildSnapshot({
      path: join(folder, 'size.gz'),
      withTokens: methods.includes('nft'),
      tickets: ticketsWith(
        count,
        methods.flatMap((method) => ticketRows[method] ?? []),
      ),
    }).reference.bytes;
  const bare = sizeWith([]);
  const list = `a list of ${count.toLocaleString('en')} tickets, compressed`;
  return [
    benchRow(`${list}: the ticket itself`, bare / count, 'B'),
    ...knownMethods.map(({ id }) => {
      const more = ticketRows[id] === undefined ? 0 : sizeWith([id]) - bare;
      return benchRow(`${list}: what ${id} adds to a ticket`, more / count, 'B');
    }),
  ];
}

function* ticketsWith(
  count: number,
  rows: readonly ((index: number) => Partial<CodedTicket>)[],
): Iterable<CodedTicket> {
  for (let index = 0; index < count; index++) {
    const { ticket } = generatedTicket(index, true);
    yield Object.assign({ ticket }, ...rows.map((row) => row(index)));
  }
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  admissionPolicySchema,
  createMethodRegistry,
  createRehearsingStore,
  decide,
  encodeDynamicPass,
  encodeHolderPass,
  encodePass,
  keyPairFromSeed,
  knownMethods,
  ready,
  type AdmissionPolicy,
  type Decision,
  type Lookups,
} from '@postern/shared';
import { clockFilePath, writeClockFile } from '../../../../gate-agent/src/clock-file.ts';
import { createClockTrust } from '../../../../gate-agent/src/clock-trust.ts';
import { findGateFolder } from '../../../../gate-agent/src/commands/gate-folder.ts';
import { verify, type VerifyAnswer } from '../../../../gate-agent/src/commands/verify.ts';
import { feedFolder, journalPath, replicaPath } from '../../../../gate-agent/src/event-folder.ts';
import { createFeedView } from '../../../../gate-agent/src/feed-view.ts';
import { openFeedCache } from '../../../../gate-agent/src/store/feed-cache.ts';
import { createGateStore, type GateStore } from '../../../../gate-agent/src/store/store.ts';
import {
  announce,
  buildSnapshot,
  feedEvent,
  feedKeys,
  feedPolicy,
  generatedTicket,
  signedManifest,
} from '../../../../scripts/lib/build-feed.ts';
import { createTestClock, createTestTimer, silentLogger } from '../../../support/gate-rig.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

const { signal } = new AbortController();
const machineBoot = 'the machine';
const toml = '[gate]\nid = "gate-a"\nevent = 7\nzone = "main"\n[[lanes]]\nid = "main"\nreaders = ["sim://"]\n';
const lane = { id: 'main', gate: 'gate-a', zone: 'main', direction: 'entry' } as const;
const adult = generatedTicket(1).ticket;
const coded = generatedTicket(3, true);

beforeAll(() => ready);

const passOf = (ticketId: string, fields: { readonly epoch?: number; readonly type?: number } = {}): string =>
  encodePass({ ticketId, event: feedEvent, type: 1, epoch: 0, ...fields }, feedKeys('issuer'));

interface GateAndCommand {
  readonly clock: ReturnType<typeof createTestClock>;
  readonly data: string;
  /** What the gate decides; a mark follows an admission. */
  readonly scan: (text: string) => Promise<Seen>;
  readonly ask: (text: string, fetch?: typeof globalThis.fetch) => Promise<Seen>;
  readonly store: GateStore;
}

/** What has to be the same. */
type Seen = Pick<VerifyAnswer, 'decision' | 'code' | 'ticket' | 'warnings' | 'usesSpent' | 'rehearsal'>;

async function createGate(policy: Partial<AdmissionPolicy> = {}): Promise<GateAndCommand> {
  const data = temporaryFolder();
  writeFileSync(join(data, 'gate.toml'), toml);
  const clock = createTestClock();
  const trust = createClockTrust({ clock, machineBoot });
  trust.learn({ source: 'server', trueMs: clock.wallMs(), uncertaintyMs: 10, monotonicMs: clock.monotonicMs() });
  await writeClockFile(clockFilePath(data), trust.saved());
  const folder = feedFolder(data, feedEvent);
  mkdirSync(folder, { recursive: true });
  const cache = await openFeedCache({
    folder,
    event: feedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: () => trust.now().nowMs,
    logger: silentLogger,
  });
  onTestFinished(() => cache.close());
  const { reference, path } = buildSnapshot({
    path: join(folder, 'download-made-here'),
    tickets: [{ ticket: adult }, { ticket: { ...generatedTicket(2).ticket, status: 'revoked' } }, coded],
  });
  const offer = cache.consider(
    signedManifest({ snapshot: reference, policy: admissionPolicySchema.parse({ ...feedPolicy, ...policy }) }),
  );
  if (!offer.ok) throw new Error(offer.error.type);
  const applied = await cache.apply(offer.value, { snapshot: path, deltas: new Map() }, signal);
  if (!applied.ok) throw new Error(applied.error.type);

  const feed = createFeedView({ cache, event: feedEvent, clock, time: trust.now, clientStatus: () => undefined });
  const store = createGateStore({
    journalPath: journalPath(data, feedEvent),
    replicaPath: replicaPath(data, feedEvent),
    event: feedEvent,
    gate: lane.gate,
    boot: '00112233aabbccdd',
    clock,
    timer: createTestTimer(),
    logger: silentLogger,
    time: trust.now,
    policy: feed.policy,
    ticket: feed.ticket,
  });
  onTestFinished(() => store.close());
  const lookups: Lookups = { ...feed.lookups, tag: () => ({ type: 'unbound' }) };
  const registry = createMethodRegistry({ methods: knownMethods, lookups, clock, logger: silentLogger });

  const scan = async (text: string): Promise<Seen> => {
    const presentation = { medium: 'typed', text, readerId: 'main-1', seenAtMs: clock.monotonicMs() } as const;
    const verified = await registry.verify(presentation, signal);
    if (!verified.ok) return { decision: 'refuse', code: verified.error.type };
    const claim = verified.value;
    let usesSpent = 0;
    const committed = await store.admit<Decision>(claim.ticketId, ({ ticket, history, occupancy }) => {
      usesSpent = history.usesSpent;
      const time = trust.now();
      const known = { claim, ticket, history, occupancy, lane, time, policy: feed.policy(), inTouch: false };
      const decision = decide({ ...known, feedAgeMs: feed.ageMs() });
      if (decision.kind !== 'admit') return { decision, mark: undefined };
      const { epoch, type } = decision.ticket;
      const who = { ticketId: claim.ticketId, epoch, ticketType: type, method: claim.method };
      const place = { event: feedEvent, lane: lane.id, zone: lane.zone };
      const issued = claim.issuedAtS === undefined ? {} : { issuedAtS: claim.issuedAtS };
      return {
        decision,
        mark: { kind: 'admitted', ...place, ...who, ...issued, uses: 1, outOfTouch: true, peersReachable: 0 },
      };
    });
    if (!committed.ok) throw new Error(committed.error.type);
    return { ...seen(committed.value.decision), usesSpent };
  };

  const ask = async (text: string, fetch?: typeof globalThis.fetch): Promise<Seen> => {
    const found = findGateFolder({ data, environment: {} });
    if (!found.ok) throw new Error(found.error.message);
    const deps = { clock, machineBoot, logger: silentLogger, signal, ...(fetch === undefined ? {} : { fetch }) };
    const answer = await verify({ folder: found.value, lane: undefined, text }, deps);
    if (!answer.ok) throw new Error(answer.error.message);
    const { decision, code, ticket, warnings, usesSpent, rehearsal } = answer.value;
    const refused = decision === 'refuse';
    return clean({ decision, code, ticket: refused ? undefined : ticket, warnings, usesSpent, rehearsal });
  };

  return { clock, data, scan, ask, store };
}

function seen(decision: Decision): Seen {
  if (decision.kind === 'refuse') return { decision: 'refuse', code: decision.refusal.type };
  const { kind, ticket, party, warnings } = decision;
  return {
    decision: kind,
    ...(decision.kind === 'hold' ? { code: decision.reason } : {}),
    ticket: { ...ticket, party },
    warnings,
  };
}

/** Without what is not said. */
const clean = (fields: Readonly<Record<string, unknown>>): Seen =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as Seen;

test('says before each of three scans of a text what the gate then decides', async () => {
  const { scan, ask } = await createGate({
    types: [
      ...feedPolicy.types,
      { ...(feedPolicy.types[0] as AdmissionPolicy['types'][number]), id: 5, uses: 2 },
      { ...(feedPolicy.types[0] as AdmissionPolicy['types'][number]), id: 6, uses: 0, oncePerDay: true },
    ],
    unknownSignedPass: 'admit',
  });
  const texts = {
    adult: passOf(adult.id),
    'a newer generation of another type': passOf(adult.id, { epoch: 1, type: 6 }),
    'the generation before': passOf(adult.id),
    'not in the list': passOf(generatedTicket(9).ticket.id, { type: 5 }),
    cancelled: passOf(generatedTicket(2).ticket.id),
    'a foreign code': coded.code ?? '',
    garbage: 'PN1:GGX',
  };
  const asked: Record<string, readonly Seen[]> = {};
  const scanned: Record<string, readonly Seen[]> = {};
  for (const [name, text] of Object.entries(texts)) {
    for (let round = 0; round < 3; round++) {
      asked[name] = [...(asked[name] ?? []), await ask(text)];
      scanned[name] = [...(scanned[name] ?? []), await scan(text)];
    }
  }
  expect(asked).toEqual(scanned);
  const codes = Object.values(scanned).map((rounds) => rounds.map(({ decision, code }) => code ?? decision));
  expect(codes).toEqual([
    ['admit', 'already-used', 'already-used'],
    ['admit', 'once-per-day', 'once-per-day'],
    ['replaced', 'replaced', 'replaced'],
    ['admit', 'admit', 'uses-spent'],
    ['revoked', 'revoked', 'revoked'],
    ['admit', 'already-used', 'already-used'],
    ['malformed', 'malformed', 'malformed'],
  ]);
});

test('says that it rehearses, and goes by what was practised, until the gate has left', async () => {
  const { ask, scan, store, clock } = await createGate();
  const text = passOf(adult.id);
  await scan(text);
  expect(await ask(text)).toMatchObject({ decision: 'refuse', code: 'already-used' });
  const session = 'aaaaaaaaaaaaaaaa';
  const untilS = Math.floor(clock.wallMs() / 1_000) + 3_600;
  const operator = 'op2superv';
  await store.append({ kind: 'rehearsal-begun', event: feedEvent, lane: '', operator, session, untilS });
  expect(await ask(text)).toMatchObject({ decision: 'admit', rehearsal: true, usesSpent: 0 });
  const rehearsing = createRehearsingStore(store, () => session);
  await rehearsing.append({
    kind: 'overridden',
    event: feedEvent,
    lane: lane.id,
    operator,
    ticketId: adult.id,
    epoch: 0,
    method: 'qr',
    reason: 'other',
    zone: lane.zone,
    uses: 1,
  });
  expect(await ask(text)).toMatchObject({ decision: 'refuse', code: 'already-used', rehearsal: true });
  await store.append({ kind: 'rehearsal-left', event: feedEvent, lane: '', operator, session });
  const after = await ask(text);
  expect(after).toMatchObject({ decision: 'refuse', code: 'already-used', usesSpent: 1 });
  expect(after.rehearsal).toBeUndefined();
});

test('says of a rotating code what the gate then decides: fresh, shown again, of the next step, of long ago, switched off', async () => {
  const everyTime = { types: feedPolicy.types.map((type) => ({ ...type, uses: 0 })) };
  const phone = keyPairFromSeed(new Uint8Array(32).fill(5));
  const claims = { ticketId: adult.id, event: feedEvent, type: 1, epoch: 0 };
  const holderPass = encodeHolderPass(claims, phone.publicKey, feedKeys('issuer'));
  const { clock, scan, ask } = await createGate(everyTime);
  const firstS = clock.wallMs() / 1_000;
  const answers: (string | undefined)[] = [];
  for (const [waitMs, atS] of [
    [0, firstS],
    [0, firstS],
    [15_000, firstS + 15],
    [60_000, firstS + 30],
  ] as const) {
    clock.advance(waitMs);
    const asked = await ask(encodeDynamicPass(holderPass, phone, atS));
    expect(asked).toEqual(await scan(encodeDynamicPass(holderPass, phone, atS)));
    answers.push(asked.code ?? asked.decision);
  }
  expect(answers).toEqual(['admit', 'code-replayed', 'admit', 'expired']);

  const off = await createGate({ ...everyTime, methodsOff: ['dynamic'] });
  const code = encodeDynamicPass(holderPass, phone, off.clock.wallMs() / 1_000);
  expect([(await off.ask(code)).code, (await off.scan(code)).code]).toEqual(['method-off', 'method-off']);
});

test('refuses with an expired list where the event says so, as the gate does', async () => {
  const { clock, scan, ask } = await createGate({ whenStale: 'refuse', staleAfterMinutes: 100_000 });
  expect((await ask(passOf(adult.id))).decision).toBe('admit');
  clock.advance(25 * 3_600_000);
  expect(await ask(passOf(adult.id))).toEqual({ decision: 'refuse', code: 'cache-stale', usesSpent: 0 });
  expect(await scan(passOf(adult.id))).toEqual({ decision: 'refuse', code: 'cache-stale', usesSpent: 0 });
});

test('takes the age of the list from a running agent, which says infinite as null', async () => {
  const { data, ask } = await createGate({ whenStale: 'refuse' });
  writeFileSync(
    join(data, 'run.json'),
    JSON.stringify({ pid: process.pid, url: 'http://127.0.0.1:8137', boot: '00112233aabbccdd' }),
  );
  const health = (ageMs: number | null): typeof globalThis.fetch => {
    const feed = { version: 1, tickets: 3, ageMs, expired: ageMs === null };
    const clock = { trusted: true, text: '' };
    const gate = {
      gate: 'gate-a',
      name: 'Gate A',
      event: 7,
      zone: 'main',
      upMs: 1,
      lanes: [],
      readers: [],
      problems: [],
    };
    return async () => Response.json({ state: 'green', ...gate, store: { healthy: true }, clock, contact: {}, feed });
  };
  expect((await ask(passOf(adult.id), health(1_000))).decision).toBe('admit');
  expect((await ask(passOf(adult.id), health(null))).code).toBe('cache-stale');
});

test('leaves everything as it was', async () => {
  const { data, ask, scan } = await createGate();
  await scan(passOf(adult.id));
  const journal = readFileSync(journalPath(data, feedEvent));
  await ask(passOf(adult.id));
  expect(readFileSync(journalPath(data, feedEvent)).equals(journal)).toBe(true);
});

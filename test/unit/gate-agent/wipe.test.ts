// A gate that its cloud orders to forget everything, with a real cloud: when it does, what is left of it, and whom it believes.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToBase64, hexToBytes, keyPairFromSeed, ready, signWipeOrder, type GateView } from '@postern/shared';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createGateFetch } from '../../../gate-agent/src/peers/gate-auth.ts';
import { forgetDeviceKey, identityFolder } from '../../../gate-agent/src/identity.ts';
import { openRevocation, readRevoked } from '../../../gate-agent/src/revocation.ts';
import { confirmWiped, keepTellingVitals } from '../../../gate-agent/src/tell-vitals.ts';
import { createBell } from '../../../gate-agent/src/waiting.ts';
import { createWipe } from '../../../gate-agent/src/wipe.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';
import { silentLogger } from '../../support/lane-rig.ts';
import { bootOfTests } from '../../support/marks.ts';
import { someVitals } from '../../support/vitals.ts';

const url = 'https://cloud.test';
let cloud: TestCloud;
let gate: TestGate;
let data: string;
let stopping: AbortController;
let waiting: number | undefined;
let canSeal: boolean;
let wiped: number;
let reachable: boolean;

beforeEach(async () => {
  await ready;
  cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', someEvent);
  gate = await enrolTestGate(cloud, 1, 'gate-a');
  data = temporaryFolder();
  mkdirSync(identityFolder(data), { recursive: true });
  writeFileSync(keyFile(), 'the key');
  stopping = new AbortController();
  waiting = 0;
  canSeal = true;
  wiped = 0;
  reachable = true;
});
afterEach(async () => {
  stopping.abort();
  await cloud.close();
});

const keyFile = (): string => join(identityFolder(data), 'device-key.pem');
const feedKeyOf = (keyId: string): Uint8Array | undefined =>
  hexToBytes(gate.enrolment.feedKeys.find((key) => key.keyId === keyId)?.publicKey ?? '');
const ask = () => cloud.json('POST', '/admin/events/1/gates/gate-a/wipe', { reason: 'hired' }, 202);
const view = async (): Promise<GateView | undefined> =>
  (await cloud.json<{ gates: GateView[] }>('GET', '/api/events/1/gates')).gates[0];
const roundMs = 10_000;

function createGate(send?: typeof fetch, forgetIdentity = () => forgetDeviceKey(data)) {
  const { signal } = stopping;
  const fetchAs = createGateFetch({
    gate: 'gate-a',
    keys: gate.keys,
    clock: cloud.time.clock,
    fetch:
      send ??
      (async (input, init) => {
        if (!reachable) throw new TypeError('fetch failed');
        return cloud.request(new URL(input instanceof Request ? input.url : input).pathname, init);
      }),
  });
  const revocation = openRevocation({
    data,
    gate: 'gate-a',
    feedKeyOf,
    wipe: () => wiped++,
    seal: async () => canSeal,
    logger: silentLogger,
  });
  const wipe = createWipe({
    gate: 'gate-a',
    boot: bootOfTests,
    feedKeyOf,
    waitingMarks: () => waiting,
    revocation,
    changed: () => undefined,
    confirm: confirmWiped({ url, fetch: fetchAs }, signal),
    forgetIdentity,
    logger: silentLogger,
  });
  const tell = () =>
    keepTellingVitals(
      {
        url,
        fetch: fetchAs,
        vitals: () => {
          const obstacle = wipe.obstacle();
          return someVitals(obstacle === undefined ? {} : { wipe: obstacle });
        },
        wipe,
        clock: cloud.time.clock,
        wanted: createBell(cloud.time.timer),
        logger: silentLogger,
      },
      signal,
    );
  return { tell, wipe };
}
const startGate = (send?: typeof fetch): { readonly telling: Promise<void> } => ({ telling: createGate(send).tell() });
/** As the cloud answers vitals, whether or not it can be reached. */
async function order(): Promise<Uint8Array> {
  const { id } = await askedOrder();
  const { keys } = cloud.cloud;
  return signWipeOrder(
    { gate: 'gate-a', boot: bootOfTests, order: id, askedAtMs: 1, sealKey: keys.sealing.publicKey },
    (await keys.current()).feed,
  );
}
/** Rounds pass until it is so: what happens between two of them takes real time. */
async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  await expect
    .poll(
      async () => {
        await cloud.time.advance(roundMs);
        return isSo();
      },
      { interval: 5 },
    )
    .toBe(true);
}
const stateOf = async (): Promise<string | undefined> => (await view())?.wipe?.state;

describe('a gate that is told to forget everything', () => {
  test('does, says so, and loses its own key last', async () => {
    const { telling } = startGate();
    await until(async () => (await view())?.vitals !== undefined);
    expect(wiped).toBe(0);
    await ask();
    await until(async () => (await stateOf()) === 'done');
    await telling;
    expect(wiped).toBe(1);
    expect(readRevoked(data)).toMatchObject({ sealed: true });
    expect(existsSync(keyFile())).toBe(false);
    expect(await view()).toMatchObject({ condition: 'revoked' });
  });

  test('waits until the cloud has all of its marks, and says that it does', async () => {
    waiting = 3;
    startGate();
    await ask();
    await until(async () => (await view())?.wipe?.obstacle === 'marks-waiting');
    expect(wiped).toBe(0);
    waiting = undefined;
    await cloud.time.advance(10 * roundMs);
    expect(await stateOf()).toBe('obstructed');
    waiting = 0;
    await until(async () => (await stateOf()) === 'done');
  });

  test('tries again what its disk would not do', async () => {
    canSeal = false;
    startGate();
    await ask();
    await until(async () => (await view())?.wipe?.obstacle === 'storage');
    expect(existsSync(keyFile())).toBe(true);
    canSeal = true;
    await until(async () => (await stateOf()) === 'done');
  });

  test('that was switched off before it could say so says it at the next start', async () => {
    await ask();
    reachable = false;
    expect(await createGate().wipe.hear(await order())).toBe('waiting');
    expect(existsSync(keyFile())).toBe(true);
    reachable = true;
    startGate();
    await until(async () => (await stateOf()) === 'done');
    await until(() => !existsSync(keyFile()));
  });

  test('that was switched off after it had said so loses its key at the next start', async () => {
    await ask();
    const { wipe } = createGate(undefined, () => Promise.reject(new Error('the power is cut')));
    await expect(wipe.hear(await order())).rejects.toThrow('the power is cut');
    expect([await stateOf(), existsSync(keyFile())]).toEqual(['done', true]);
    startGate();
    await until(() => !existsSync(keyFile()));
  });

  test('believes nobody but its cloud', async () => {
    const stranger = keyPairFromSeed(new Uint8Array(32).fill(9));
    const forged = signWipeOrder(
      { gate: 'gate-a', boot: bootOfTests, order: '00'.repeat(16), askedAtMs: 1, sealKey: stranger.publicKey },
      stranger,
    );
    let answers = 0;
    startGate(async () => {
      answers++;
      return Response.json({ v: 1, wipe: bytesToBase64(forged) });
    });
    await until(() => answers >= 2);
    expect(wiped).toBe(0);
    expect(existsSync(keyFile())).toBe(true);
  });

  test('lives with a cloud that answers nonsense', async () => {
    const answers = ['', 'null', '{"v":2}', `{"v":1,"wipe":"${'A'.repeat(2_000)}"}`, 'x'.repeat(20_000)];
    let asked = 0;
    startGate(
      async () => new Response(answers[asked++ % answers.length] ?? '', { status: asked % 7 === 0 ? 500 : 200 }),
    );
    await until(() => asked > 2 * answers.length);
    expect(wiped).toBe(0);
  });
});

/** The order as the cloud keeps it. */
const askedOrder = (): Promise<{ readonly id: string }> =>
  withDatabase(cloud.databaseUrl, (database) =>
    database.selectFrom('gate_wipe').select('id').executeTakeFirstOrThrow(),
  );

// Goal: a gate without a cloud learns the time from a gate next door whose time is trusted, and from nobody else.
import { ready, type Logger } from '@postern/shared';
import { beforeAll, expect, test } from 'vitest';
import { createClockTrust, sampleOfRoundTrip } from '../../../../gate-agent/src/clock-trust.ts';
import { startLanListener } from '../../../../gate-agent/src/replication/lan-listener.ts';
import { createLanPeer } from '../../../../gate-agent/src/replication/lan-peer.ts';
import {
  readPeerTime,
  statePeerTime,
  type PeerTime,
  type TimeState,
} from '../../../../gate-agent/src/peers/peer-time.ts';
import type { TrustState } from '../../../../gate-agent/src/replication/tls-identity.ts';
import { createDeployment, deploymentNowMs, type CertifiedGate } from '../../../support/deployment.ts';

beforeAll(() => ready);
const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };
const clockAt = (monotonicMs: number) => ({ wallMs: () => 0, monotonicMs: () => monotonicMs });

/** What gate B, which knows no time, hears from gate A in one exchange. */
async function hearFrom(told: TimeState): Promise<readonly PeerTime[]> {
  const deployment = await createDeployment();
  const [a, b] = await Promise.all([deployment.certify('gate-a'), deployment.certify('gate-b')]);
  const trusting = (atMs: number, timeTrusted: boolean) => (): TrustState => ({
    atMs,
    timeTrusted,
    graceMs: 0,
    listedKey: (gate) => [a, b].find((known: CertifiedGate) => known.gate === gate)?.keys.publicKey,
  });
  const listener = await startLanListener({
    address: '127.0.0.1:0',
    identity: a,
    trust: trusting(deploymentNowMs, true),
    log: silent,
    answer: async () => ({ status: 200, body: new Uint8Array(1) }),
    statedTime: () => statePeerTime(told, clockAt(1_500)),
  });
  const heard: PeerTime[] = [];
  const peer = createLanPeer({
    address: `127.0.0.1:${listener.port}`,
    identity: b,
    trust: trusting(0, false),
    clock: clockAt(70),
    onTime: (time) => heard.push(time),
  });
  const answer = await peer.exchange(new Uint8Array(1), new AbortController().signal);
  peer.close();
  await listener.close();
  expect(answer.ok).toBe(true);
  return heard;
}

test('a trusted time reaches the other gate as of the moment it is said', async () => {
  const [heard] = await hearFrom({ atMs: deploymentNowMs, timeTrusted: true, monotonicMs: 1_000, uncertaintyMs: 30.2 });
  expect(heard).toEqual({ statedMs: deploymentNowMs + 500, uncertaintyMs: 31, sentMs: 70, receivedMs: 70 });
  const trust = createClockTrust({ clock: clockAt(70), machineBoot: 'b' });
  if (heard !== undefined)
    trust.learn(sampleOfRoundTrip('peer', heard.statedMs, heard.sentMs, heard.receivedMs, heard.uncertaintyMs));
  expect(trust.now()).toEqual({ nowMs: deploymentNowMs + 500, trusted: true, source: 'peer', uncertaintyMs: 31 });
});

test.each<[string, TimeState]>([
  ['is not trusted', { atMs: deploymentNowMs, timeTrusted: false, monotonicMs: 1_000, uncertaintyMs: 5 }],
  ['is not known exactly', { atMs: deploymentNowMs, timeTrusted: true }],
])('a time that %s is not passed on', async (_what, told) => {
  expect(await hearFrom(told)).toEqual([]);
});

test.each([
  undefined,
  '',
  '1',
  ';',
  '1;2;3',
  '-1;2',
  '1.5;2',
  '99999999999999999;1',
  ['1;2', '1;2'],
  `${'1'.repeat(1_000)};1`,
])('the header %j is no time', (header) => {
  expect(readPeerTime(header, 0, 1)).toBeUndefined();
});

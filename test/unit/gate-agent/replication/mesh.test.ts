// Goal: a gate keeps a few neighbours that answer, whatever is configured, announced or gone.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ready, sleep, type PeerError } from '@postern/shared';
import { ownGateCause, type LanPeer } from '../../../../gate-agent/src/replication/lan-peer.ts';
import { createMesh, type Mesh } from '../../../../gate-agent/src/replication/mesh.ts';
import { neighboursMax } from '../../../../gate-agent/src/replication/neighbours.ts';
import { createVirtualTime, type VirtualTime } from '../../../support/virtual-time.ts';

beforeAll(() => ready);

/** What is behind an address: a gate, nothing, or somebody without a certificate of ours. */
type Behind = { readonly gate: string } | 'nothing' | 'stranger';

let time: VirtualTime;
let network: Map<string, Behind>;
let followed: Set<string>;
let everFollowedAtOnce: number;
let forgotten: string[];

beforeEach(() => {
  time = createVirtualTime();
  network = new Map();
  followed = new Set();
  everFollowedAtOnce = 0;
  forgotten = [];
});

const errorAt = (address: string): PeerError | undefined => {
  const behind = network.get(address) ?? 'nothing';
  if (behind === 'nothing') return { type: 'peer-unreachable', cause: 'ECONNREFUSED' };
  if (behind === 'stranger') return { type: 'peer-refused', status: 0, cause: 'gate-not-listed' };
  return behind.gate === 'gate-x' ? { type: 'peer-refused', status: 0, cause: ownGateCause } : undefined;
};
const start = (addresses: readonly string[] = []): Mesh =>
  createMesh({
    gate: 'gate-x',
    addresses,
    clock: time.clock,
    timer: time.timer,
    createPeer: (address): LanPeer => ({
      id: address,
      kind: 'gate',
      exchange: async () => ({ ok: true, value: new Uint8Array(0) }),
      gate: () => {
        const behind = network.get(address);
        return typeof behind === 'object' ? behind.gate : undefined;
      },
      close: () => undefined,
    }),
    /** An exchange every second. */
    follow: async (peer, onTurn, signal) => {
      followed.add(peer.id);
      everFollowedAtOnce = Math.max(everFollowedAtOnce, followed.size);
      while (!signal.aborted) {
        onTurn(errorAt(peer.id));
        await sleep(time.timer, 1_000, signal);
      }
      followed.delete(peer.id);
    },
    forget: (peer) => forgotten.push(peer.id),
  });
const address = (index: number): string => `10.0.0.${index}:7443`;
const venue = (count: number): readonly { gate: string; address: string }[] =>
  Array.from({ length: count }, (_, index) => {
    network.set(address(index), { gate: `gate-${index}` });
    return { gate: `gate-${index}`, address: address(index) };
  });

describe('a mesh', () => {
  test('follows everybody that is configured or found where they are few', async () => {
    const [b, ...others] = venue(4);
    const mesh = start([b?.address ?? '']);
    mesh.setFound(others);
    await time.advance(3_000);
    expect([...followed].toSorted()).toEqual([0, 1, 2, 3].map(address));
    expect([mesh.answering(), mesh.isWanting(), mesh.refused()]).toEqual([4, true, 0]);
    await end(mesh);
    expect(followed.size).toBe(0);
  });

  test('follows only a few of many, and another for each that stops answering', async () => {
    const gates = venue(60);
    const mesh = start();
    mesh.setFound(gates);
    await time.advance(3_000);
    const before = [...followed];
    expect(before.length).toBe(neighboursMax);
    for (const gone of before.slice(0, 4)) network.set(gone, 'nothing');
    await time.advance(4_000);
    expect(mesh.answering()).toBe(neighboursMax);
    expect([...followed].filter((one) => before.slice(0, 4).includes(one))).toEqual([]);
    // One that leaves does so a moment after another has come.
    expect(everFollowedAtOnce).toBeLessThanOrEqual(neighboursMax + 1);
    await end(mesh);
  });

  test('goes back to a gate that answers again', async () => {
    const gates = venue(3);
    const mesh = start();
    mesh.setFound(gates);
    network.set(address(1), 'nothing');
    await time.advance(20_000);
    expect(mesh.answering()).toBe(2);
    network.set(address(1), { gate: 'gate-1' });
    await time.advance(2_000);
    expect(mesh.answering()).toBe(3);
    await end(mesh);
  });

  test('cut off from all of many, goes on asking, and is back as soon as one answers', async () => {
    const gates = venue(30);
    const mesh = start();
    mesh.setFound(gates);
    for (const gate of gates) network.set(gate.address, 'nothing');
    await time.advance(120_000);
    expect(mesh.answering()).toBe(0);
    expect(followed.size).toBe(neighboursMax);
    venue(30);
    await time.advance(3_000);
    expect(mesh.answering()).toBe(neighboursMax);
    await end(mesh);
  });

  test('never follows itself, where everybody has the same list', async () => {
    network.set(address(9), { gate: 'gate-x' });
    const mesh = start([address(9), ...venue(2).map((gate) => gate.address)]);
    await time.advance(200_000);
    expect([...followed].toSorted()).toEqual([0, 1].map(address));
    expect(mesh.refused()).toBe(0);
    await end(mesh);
  });

  test('counts strangers, and asks them again when the list of gates has changed', async () => {
    const mesh = start();
    mesh.setFound([...venue(2), { gate: 'gate-9', address: address(9) }]);
    network.set(address(9), 'stranger');
    await time.advance(3_000);
    expect([mesh.answering(), mesh.refused()]).toEqual([2, 1]);
    network.set(address(9), { gate: 'gate-9' });
    mesh.tryRefusedAgain();
    await time.advance(2_000);
    expect([mesh.answering(), mesh.refused()]).toEqual([3, 0]);
    await end(mesh);
  });

  test('keeps a gate that answers when somebody says goodbye in its name, or its name elsewhere', async () => {
    const [b] = venue(1);
    const mesh = start();
    mesh.setFound(b === undefined ? [] : [b]);
    await time.advance(2_000);
    mesh.setFound([]);
    await time.advance(5_000);
    expect([...followed]).toEqual([address(0)]);
    network.set(address(66), 'stranger');
    mesh.setFound([{ gate: 'gate-0', address: address(66) }]);
    await time.advance(5_000);
    expect([...followed]).toEqual([address(0)]);
    network.set(address(0), 'nothing');
    mesh.setFound([]);
    await time.advance(5_000);
    expect([...followed]).toEqual([]);
    expect(forgotten).toContain(address(0));
    await end(mesh);
  });

  test('follows a gate that has two addresses once', async () => {
    network.set(address(1), { gate: 'gate-1' });
    network.set(address(2), { gate: 'gate-1' });
    const mesh = start([address(1)]);
    mesh.setFound([{ gate: 'gate-1', address: address(2) }]);
    await time.advance(5_000);
    expect(followed.size).toBe(1);
    await end(mesh);
  });
});

async function end(mesh: Mesh): Promise<void> {
  const stopped = mesh.stop();
  await time.advance(2_000);
  await stopped;
  mesh.close();
}

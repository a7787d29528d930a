// Goal: real gate processes that hear each other over IPv6 alone find each other by mDNS and exchange marks, with no address in their
// configuration and no cloud.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LaneEvent, TicketResponse } from '@postern/shared';
import { createNetworkLab, missingNetworkLab, type NetworkLab } from '../../scripts/lib/network-lab.ts';
import { startVenue, type Venue, type VenueGate } from '../../scripts/lib/venue.ts';
import { temporaryFolder } from '../support/cloud-process.ts';
import { waitUntil } from '../support/demo-process.ts';
import { describeOrReport } from '../support/not-run.ts';

const gateCount = 2;
const cloudMachine = gateCount;
const happensMsMax = 60_000;

type Decided = Extract<LaneEvent, { type: 'decision' }>['decision'];
interface Status {
  readonly replication: { readonly peers: readonly { readonly id: string; readonly reachable: boolean }[] };
}

describeOrReport('a network on which gates hear each other over IPv6 alone', missingNetworkLab(), () => {
  const folder = temporaryFolder();
  let lab: NetworkLab;
  let venue: Venue;

  beforeAll(async () => {
    lab = await createNetworkLab({ machines: gateCount + 1 });
    // Over IPv4 each gate hears the cloud, and no gate another one.
    lab.partition([
      [0, cloudMachine],
      [1, cloudMachine],
    ]);
    venue = await startVenue({
      lab,
      folder: folder.path,
      gates: gateCount,
      databaseUrls: [`sqlite:${join(folder.path, 'cloud.db')}`],
      masterKey: randomBytes(32).toString('hex'),
      tickets: 2,
      lan: '[::]:7443',
    });
    await Promise.all(venue.gates.map((gate) => gate.start()));
    // Nothing goes through it from here on.
    await Promise.all(venue.clouds.map((cloud) => cloud.kill('SIGKILL')));
  });
  afterAll(async () => {
    await venue?.end();
    lab?.remove();
    folder.remove();
  });

  const gateAt = (index: number): VenueGate => {
    const gate = venue.gates[index];
    if (gate === undefined) throw new Error('there are gates');
    return gate;
  };
  const ticketAt = (index: number): TicketResponse => {
    const ticket = venue.tickets[index];
    if (ticket === undefined) throw new Error('there are tickets');
    return ticket;
  };
  const scan = (gate: VenueGate, ticket: TicketResponse): Promise<Decided> =>
    new Promise((resolve) => {
      gate.onEvent((event) => {
        if (event.type === 'decision' && event.decision.claim?.ticketId === ticket.id) resolve(event.decision);
      });
      gate.scan(ticket);
    });
  const reachablePeers = async (gate: VenueGate): Promise<readonly string[]> => {
    const { replication } = await gate.json<Status>('/status');
    return replication.peers.flatMap(({ id, reachable }) => (reachable && id !== 'cloud' ? [id] : []));
  };

  test('they find each other, at an address of their link', async () => {
    for (const gate of venue.gates) {
      let peers: readonly string[] = [];
      await waitUntil(async () => (peers = await reachablePeers(gate)).length > 0, happensMsMax);
      expect(peers).toEqual([expect.stringMatching(/^\[fe80::[0-9a-f:]+%eth0\]:7443$/)]);
    }
  });

  test('what one has let in the other refuses', async () => {
    const hashOf = async (gate: VenueGate): Promise<string> =>
      (await gate.json<{ readonly historyHash: string }>('/status')).historyHash;
    const before = await hashOf(gateAt(1));
    expect(await scan(gateAt(0), ticketAt(0))).toMatchObject({ kind: 'admit' });
    const isKnown = async (): Promise<boolean> => {
      const [here, there] = await Promise.all([hashOf(gateAt(0)), hashOf(gateAt(1))]);
      return here !== before && here === there;
    };
    expect(await waitUntil(isKnown, happensMsMax)).toBe(true);
    expect(await scan(gateAt(1), ticketAt(0))).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'already-used', detail: { gate: 'gate-0' } },
    });
  });
});

// Sets the demo up as a venue would: a cloud, an event, tickets, and two gates that enrol with their one-time codes. Nothing is
// made beforehand; every start begins with empty folders and new keys.
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TicketResponse } from '@postern/shared';
import { journalPath } from '../../gate-agent/src/event-folder.ts';
import { runChild, startUntil, type Child } from './children.ts';
import { createCloudClient, type Cloud } from './cloud.ts';
import type { DemoFolder } from './folder.ts';
import { createGate, type Gate } from './gate.ts';
import { gateIds, gateTitles } from './narration.ts';
import { repositoryFolder } from './options.ts';
import { findFreePort } from './ports.ts';
import type { Progress } from './progress.ts';
import { createNetwork, type Cable, type Network } from './proxies.ts';
import { gateNames, type GateName } from './story.ts';
import { createTextOf, ticketRequests } from './tickets.ts';

export interface Venue {
  readonly cloudProcess: Child;
  readonly cloudUrl: string;
  readonly cloudDatabase: string;
  readonly cloud: Cloud;
  readonly token: string;
  readonly event: number;
  readonly tickets: readonly TicketResponse[];
  readonly textOf: ReturnType<typeof createTextOf>;
  readonly network: Network;
  readonly gates: Readonly<Record<GateName, Gate>>;
  readonly journals: readonly [string, string];
}

const programs = {
  cloud: join(repositoryFolder, 'cloud-sync/src/cli.ts'),
  gate: join(repositoryFolder, 'gate-agent/src/cli.ts'),
} as const;

const zone = { id: 'hall', name: 'Main hall' };
const lane = 'main';
/** Time that a visitor takes through the simulated turnstile. */
const passAfterMs = 350;

/** Everything that was started so far, so that a set-up that fails half-way leaves nothing behind. */
export type OnStarted = (stop: () => Promise<void>) => void;

export async function setUpVenue(
  folder: DemoFolder,
  firstPort: number,
  progress: Progress,
  onStarted: OnStarted,
): Promise<Venue> {
  const network = createNetwork();
  onStarted(() => network.close());

  const started = await progress.step('starting the cloud', () => startCloud(folder, firstPort));
  onStarted(() => started.child.stop());
  const { url: cloudUrl, token } = started;
  const cloud = createCloudClient(cloudUrl, token);
  const secret = randomBytes(6).toString('hex');
  const pin = randomInt(1_000_000).toString().padStart(6, '0');

  const { event, tickets, operator } = await progress.step('making an event and issuing 450 tickets', async () => {
    const number = await cloud.createEvent('Sixty seconds at the door', zone);
    return {
      event: number,
      tickets: await cloud.issue(number, ticketRequests(secret)),
      operator: await cloud.addSupervisor(number, pin),
    };
  });

  const cables: { readonly toCloud: Record<GateName, Cable>; readonly toGate: Record<GateName, Cable> } = {
    toCloud: { a: await network.layCable(portOf(cloudUrl)), b: await network.layCable(portOf(cloudUrl)) },
    toGate: { a: await network.layCable(), b: await network.layCable() },
  };
  const enrol = async (name: GateName): Promise<void> => {
    const reader = `camera+unix://${encodeURI(folder.cameraSocket(name))}?fps=10`;
    const code = await cloud.inviteGate(event, {
      id: gateIds[name],
      name: gateTitles[name],
      zone: zone.id,
      reader,
      actuator: `sim://turnstile?pass-ms=${passAfterMs}`,
      address: `127.0.0.1:${cables.toGate[name].port}`,
    });
    const url = `http://127.0.0.1:${cables.toCloud[name].port}`;
    await runChild({
      args: [programs.gate, 'enrol', url, code, '--data', folder.gate(name), '--lan', 'off', '--no-disk-key'],
      logFile: folder.log(gateIds[name]),
    });
  };
  await progress.step('enrolling gate A and gate B with their one-time codes', () => Promise.all(gateNames.map(enrol)));
  await progress.step('publishing the ticket list', () => cloud.publish(event));

  const ports = { a: await findFreePort(firstPort + 10), b: await findFreePort(firstPort + 20) };
  const lanPorts = { a: await findFreePort(firstPort + 30), b: await findFreePort(firstPort + 40) };
  const gates = Object.fromEntries(
    gateNames.map((name) => {
      const other = name === 'a' ? 'b' : 'a';
      const config = join(folder.gate(name), 'gate.toml');
      adaptConfig(config, {
        localPort: ports[name],
        lanPort: lanPorts[name],
        peerPort: cables.toGate[other].port,
        cloudPort: cables.toCloud[name].port,
      });
      cables.toGate[name].connectTo(lanPorts[name]);
      return [
        name,
        createGate({
          title: gateTitles[name],
          args: [programs.gate, 'run', '--config', config, '--json'],
          logFile: folder.log(gateIds[name]),
          journal: journalPath(folder.gate(name), event),
          lane,
          operator: { operator, pin },
        }),
      ];
    }),
  ) as unknown as Readonly<Record<GateName, Gate>>;
  onStarted(async () => void (await Promise.all(gateNames.map((name) => gates[name].stop()))));
  await progress.step('starting gate A and gate B', () => Promise.all(gateNames.map((name) => gates[name].start())));

  return {
    cloudProcess: started.child,
    cloudUrl,
    cloudDatabase: join(folder.cloud, 'cloud.db'),
    cloud,
    token,
    event,
    tickets,
    textOf: createTextOf(tickets, secret),
    network,
    gates,
    journals: [journalPath(folder.gate('a'), event), journalPath(folder.gate('b'), event)],
  };
}

async function startCloud(
  folder: DemoFolder,
  firstPort: number,
): Promise<{ readonly child: Child; readonly url: string; readonly token: string }> {
  const port = await findFreePort(firstPort + 1);
  let token = '';
  const { child, found: url } = await startUntil(
    {
      args: [programs.cloud, 'serve', '--database', `sqlite:${join(folder.cloud, 'cloud.db')}`, '--port', String(port)],
      logFile: folder.log('cloud'),
    },
    (line) => {
      token = /postern_[0-9a-f]{12}_[0-9a-f]{48}/.exec(line)?.[0] ?? token;
      return /^cloud-sync is ready: (\S+)/.exec(line)?.[1];
    },
  );
  return { child, url, token };
}

const portOf = (url: string): number => Number(new URL(url).port);

/** What a technician would write into the configuration that enrolment made: ports, the other gate, the preview. */
function adaptConfig(
  path: string,
  ports: {
    readonly localPort: number;
    readonly lanPort: number;
    readonly peerPort: number;
    readonly cloudPort: number;
  },
): void {
  const written = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    `${written}\n# The demo's ports.\n[local]\nport = ${ports.localPort}\npreview = true\n\n[lan]\nlisten = "127.0.0.1:${ports.lanPort}"\npeers = ["127.0.0.1:${ports.peerPort}"]\n`,
  );
}

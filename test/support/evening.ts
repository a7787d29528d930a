// One evening's venue: a cloud, and two gates that know each other through it alone, each with a lane for what is typed or scanned and one
// for every radio that this machine can have. The network is cut by killing the cloud, and comes back as it was.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesToHex,
  eventResponseSchema,
  keyPairFromSeed,
  publishResponseSchema,
  staffResponseSchema,
  summarySchema,
  type Decision,
  type KeyPair,
  type LaneEvent,
  type Summary,
  type SunKeys,
  type TicketResponse,
  sunSuffixDefault,
} from '@postern/shared';
import { missingAnvil } from '../../scripts/lib/anvil.ts';
import { createBluetooth, missingBluetooth, type Bluetooth } from '../../scripts/lib/bluetooth.ts';
import { createPcscd, missingPcsc, virtualReaders, type VirtualPcscd } from '../../scripts/lib/pcscd.ts';
import { hex } from '../../scripts/lib/virtual-tags.ts';
import { accessCloud, type CloudAccess } from './cloud.ts';
import { startTestChain, type TestChain } from './chain.ts';
import { firstToken, runCloudWith, temporaryFolder, type CloudProcess } from './cloud-process.ts';
import { waitUntil } from './demo-process.ts';
import { enrolGate } from './enrol-gate.ts';
import { listenToGate, showCode, startGateProcess, type GateEvents, type GateProcess } from './gate-process.ts';
import { doorZones } from './geofence.ts';

export const happensMsMax = 60_000;
export const gateIds = ['gate-a', 'gate-b'] as const;
export type GateId = (typeof gateIds)[number];
export const pin = '4711';
/** At a gate: what is typed, scanned or read by it. */
export type LaneId = 'door' | 'nfc' | 'ble';
/** Why a lane cannot be there on this machine, or undefined. */
export const missingLanes: Readonly<Record<LaneId, string | undefined>> = {
  door: undefined,
  nfc: missingPcsc(),
  ble: missingBluetooth(),
};
export const ticketTypes = { standing: 1, vip: 2, season: 3 } as const;
/** Of the tags that prove themselves, and of the organiser who sells with pretix. */
export const sunKeys: SunKeys = {
  metaRead: hex('5a'.repeat(16)),
  fileRead: hex('a5'.repeat(16)),
  suffix: sunSuffixDefault,
};
export const pretixKeys = (): KeyPair => keyPairFromSeed(new Uint8Array(32).fill(21));

export interface EveningGate {
  readonly id: GateId;
  readonly type: (line: string) => void;
  /** Types a code at the door until it is answered. */
  readonly show: (code: string, ticketId: string) => Promise<Decision>;
  readonly url: string;
  /** What is decided next at one of its lanes, of this ticket or of none. */
  readonly decision: (lane: LaneId, ticketId: string) => Promise<Decision>;
  /** The hold of this ticket, for who answers it. */
  readonly hold: (ticketId: string) => Promise<{ readonly lane: string; readonly holdId: string }>;
  /** What a member of staff does, by PIN. */
  readonly act: (
    operator: string,
    action: object,
  ) => Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  readonly ask: <T>(path: string) => Promise<T>;
}

export interface Evening {
  readonly event: number;
  readonly access: CloudAccess;
  /** Of the cloud, for its commands. */
  readonly database: string;
  readonly folder: string;
  readonly staff: { readonly steward: string; readonly supervisor: string };
  readonly issue: (about?: object) => Promise<TicketResponse>;
  readonly gate: (id: GateId) => EveningGate;
  /** Undefined where this machine has none. */
  readonly pcscd: VirtualPcscd | undefined;
  readonly bluetooth: Bluetooth | undefined;
  readonly chain: TestChain | undefined;
  /** What the camera at the first gate's door sees, once somebody is asked to look at it. */
  readonly film: string;
  readonly summary: () => Promise<Summary>;
  /** Publishes, starts the gates, and waits until they know what the cloud does. */
  readonly openDoors: () => Promise<void>;
  /** Resolves once both gates have noticed. */
  readonly cut: () => Promise<void>;
  readonly rejoin: () => Promise<void>;
  /** Whether cloud and gates come to the same history. */
  readonly agree: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

interface Running {
  process: GateProcess;
  url: string;
  events: GateEvents;
}

export async function openEvening(): Promise<Evening> {
  const folder = temporaryFolder();
  const database = `sqlite:${join(folder.path, 'cloud.db')}`;
  const [pcscd, bluetooth, chain] = await Promise.all([
    missingLanes.nfc === undefined ? createPcscd() : undefined,
    missingLanes.ble === undefined ? createBluetooth() : undefined,
    missingAnvil() === undefined ? startTestChain() : undefined,
  ]);
  await Promise.all([pcscd?.start(), bluetooth?.plugIn()]);
  const serve = (port: string): CloudProcess =>
    runCloudWith(chainEnvironment(chain), 'serve', '--database', database, '--port', port);
  let cloud = serve('0');
  let cloudUrl = await cloud.ready;
  const access = accessCloud((path, init) => fetch(cloudUrl + path, init), firstToken(cloud));
  const { event } = eventResponseSchema.parse(await access.json('POST', '/api/events', policy(chain)));
  const member = async (role: string): Promise<string> =>
    staffResponseSchema.parse(await access.json('POST', `/admin/events/${event}/staff`, { role, pin })).operator;
  const staff = { steward: await member('steward'), supervisor: await member('supervisor') };
  const configs = await Promise.all(
    gateIds.map((id, index) =>
      enrolGate({
        url: cloudUrl,
        post: (path, body) => access.json('POST', path, body),
        event,
        folder: join(folder.path, id),
        id,
        lanes: lanesOf(index, bluetooth),
        settings: '[nfc]\nsunKeyFile = "sun-keys.toml"\n',
      }),
    ),
  );
  const film = join(folder.path, 'film.y4m');
  const [first = ''] = configs;
  const withCamera = (line: string): string => `${line}\nfaceCamera = "camera://${film}?loop=1"`;
  writeFileSync(first, readFileSync(first, 'utf8').replace(/^readers = .*stdin.*$/m, withCamera));
  for (const id of gateIds)
    writeFileSync(
      join(folder.path, id, 'sun-keys.toml'),
      `metaReadKey = "${bytesToHex(sunKeys.metaRead)}"\nfileReadKey = "${bytesToHex(sunKeys.fileRead)}"\n`,
      { mode: 0o600 },
    );

  const gates = new Map<GateId, Running>();
  const runningOf = (id: GateId): Running => {
    const running = gates.get(id);
    if (running === undefined) throw new Error(`${id} does not run`);
    return running;
  };
  const gate = (id: GateId): EveningGate => {
    const { process, url, events } = runningOf(id);
    const isOf =
      (lane: LaneId, ticketId: string) =>
      ({ lane: of, decision: { claim } }: Extract<LaneEvent, { type: 'decision' }>): boolean =>
        of === lane && (claim === undefined || claim.ticketId === ticketId);
    const ask = async <T>(path: string): Promise<T> => (await (await fetch(url + path)).json()) as T;
    return {
      id,
      url,
      type: process.type,
      ask,
      show: async (code, ticketId) => (await showCode(process, events, code, isOf('door', ticketId))).decision,
      decision: async (lane, ticketId) => (await events.next('decision', isOf(lane, ticketId))).decision,
      hold: async (ticketId) => {
        const { lane, state } = await events.next(
          'state',
          (event) => event.state.name === 'held' && event.state.decision.claim.ticketId === ticketId,
        );
        return { lane, holdId: state.name === 'held' ? state.holdId : '' };
      },
      act: async (operator, action) => {
        const response = await fetch(`${url}/steward`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ operator, pin, action }),
        });
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      },
    };
  };
  const summary = async (): Promise<Summary> =>
    summarySchema.parse(await access.json('GET', `/api/events/${event}/summary`));
  const agree = async (): Promise<boolean> => {
    const { historyHash } = await summary();
    const hashes = await Promise.all(gateIds.map((id) => gate(id).ask<{ historyHash: string }>('/status')));
    return hashes.every((status) => status.historyHash === historyHash);
  };
  const isAlone = async (id: GateId): Promise<boolean> =>
    (await gate(id).ask<{ contact: { noContactSinceMs?: number } }>('/health')).contact.noContactSinceMs !== undefined;

  return {
    event,
    access,
    database,
    folder: folder.path,
    staff,
    issue: (about = {}) =>
      access.json<TicketResponse>('POST', '/api/tickets', { event, type: ticketTypes.standing, ...about }),
    gate,
    pcscd,
    bluetooth,
    chain,
    film,
    summary,
    openDoors: async () => {
      const published = await access.json('POST', `/admin/events/${event}/publish`, {}, 200);
      const { version } = publishResponseSchema.parse(published);
      await Promise.all(
        gateIds.map(async (id, index) => {
          const process = startGateProcess(configs[index] ?? '');
          const { url } = await process.ready;
          gates.set(id, { process, url, events: await listenToGate(url) });
        }),
      );
      // Two ways to a gate: what is published, and what has happened.
      const hasList = async (id: GateId): Promise<boolean> =>
        ((await gate(id).ask<{ feed?: { version: number } }>('/status')).feed?.version ?? 0) >= version;
      const areReady = async (): Promise<boolean> =>
        (await Promise.all(gateIds.map(hasList))).every(Boolean) && (await agree());
      if (!(await waitUntil(areReady, happensMsMax))) throw new Error('the gates do not know what the cloud does');
    },
    cut: async () => {
      cloud.kill('SIGKILL');
      await cloud.ended;
      for (const id of gateIds)
        if (!(await waitUntil(() => isAlone(id), happensMsMax))) throw new Error(`${id} has not noticed`);
    },
    rejoin: async () => {
      cloud = serve(new URL(cloudUrl).port);
      cloudUrl = await cloud.ready;
    },
    agree,
    close: async () => {
      const processes: readonly (CloudProcess | GateProcess)[] = [
        cloud,
        ...[...gates.values()].map((one) => one.process),
      ];
      for (const { events } of gates.values()) events.close();
      for (const process of processes) process.kill('SIGKILL');
      await Promise.all(processes.map(({ ended }) => ended));
      await Promise.all([pcscd?.close(), bluetooth?.close(), chain?.stop()]);
      folder.remove();
    },
  };
}

const policy = (chain: TestChain | undefined): object => ({
  name: 'All the ways in',
  types: [
    { id: ticketTypes.standing, name: 'Standing' },
    // What is looked up admits a VIP only beside a phone that stands before the door.
    { id: ticketTypes.vip, name: 'VIP', proofs: [['signed'], ['code', 'geofence']] },
    { id: ticketTypes.season, name: 'Season ticket', proofs: [['signed', 'face']] },
  ],
  zones: [{ id: 'arena', name: 'Arena' }],
  geofence: { zones: doorZones, dwellS: 2 },
  ...(chain === undefined ? {} : { nft: { chainId: chain.settings.chainId, contract: chain.contract } }),
  pretix: { keys: [bytesToHex(pretixKeys().publicKey)], items: [{ item: 1, type: ticketTypes.standing }] },
});

/** Tokens are consumed as soon as their tickets are used. */
const chainEnvironment = (chain: TestChain | undefined): NodeJS.ProcessEnv =>
  chain === undefined
    ? {}
    : {
        POSTERN_CLOUD_NFT_RPC: chain.settings.rpcs.join(','),
        POSTERN_CLOUD_NFT_CHAIN_ID: String(chain.settings.chainId),
        POSTERN_CLOUD_NFT_CONTRACT: chain.contract,
        POSTERN_CLOUD_NFT_KEY: chain.settings.key ?? '',
        POSTERN_CLOUD_NFT_START_BLOCK: String(chain.startBlock),
        POSTERN_CLOUD_NFT_CONFIRMATIONS: String(chain.settings.confirmations),
        POSTERN_CLOUD_NFT_CONSUME_AFTER: '0',
      };

/** One adapter for wristbands, at the first gate; an NFC reader at each. */
function lanesOf(gateIndex: number, bluetooth: Bluetooth | undefined): Parameters<typeof enrolGate>[0]['lanes'] {
  const lane = (id: LaneId, reader: string) => ({ id, readers: [reader], actuator: `sim://${id}?pass-ms=20` });
  return [
    lane('door', 'stdin://'),
    ...(missingLanes.nfc === undefined ? [lane('nfc', `pcsc://${virtualReaders[gateIndex]?.slice(4)}`)] : []),
    ...(bluetooth === undefined || gateIndex > 0 ? [] : [lane('ble', `ble://${bluetooth.adapterPath}`)]),
  ];
}

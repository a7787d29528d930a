// A cloud without a socket, on a fresh folder and virtual time, and gates that speak to it as the real ones do: they enrol with a
// certificate request, sign every request, and ship signed segments.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bytesToHex,
  decodeSyncAnswer,
  encodeRequestToken,
  gateTokenAudience,
  encodeMark,
  encodeSyncRequest,
  enrolResponseSchema,
  gateResponseSchema,
  keyPairFromSeed,
  loadLedger,
  nonceHeader,
  signChunk,
  syncContentType,
  type EnrolResponse,
  type KeyPair,
  type Logger,
  type Mark,
  type SignedChunk,
  type SyncAnswer,
} from '@postern/shared';
import * as x509 from '@peculiar/x509';
import type { Config } from '../../cloud-sync/src/config.ts';
import { openCloud, type Cloud } from '../../cloud-sync/src/main.ts';
import type { Mailer } from '../../cloud-sync/src/services/mailer.ts';
import type { ContractCheck } from '../../cloud-sync/src/services/nft/contract-wallets.ts';
import { createTestDatabase, type DatabaseKind, type TestDatabase } from './database.ts';
import { withDatabase } from '../../scripts/lib/cloud-database.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

export const silentLog: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What it takes to talk to a cloud as its administrator, in this process or in one of its own. */
export interface CloudAccess {
  /** As nobody, unless `init` says who. */
  readonly request: (path: string, init?: RequestInit) => Promise<Response>;
  /** As the administrator; `body` becomes JSON. */
  readonly api: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  /** The same, parsed; fails the test when the status is another one. */
  readonly json: <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    status?: number,
  ) => Promise<T>;
}

export interface TestCloud extends CloudAccess {
  readonly cloud: Cloud;
  readonly time: VirtualTime;
  readonly folder: string;
  readonly token: string;
  /** `sqlite:FILE` or `postgres://…`. */
  readonly databaseUrl: string;
  /** Everything the database holds, as it holds it: what is not in here is not kept. */
  readonly stored: () => Promise<Buffer>;
  readonly close: () => Promise<void>;
}

export interface TestCloudOptions {
  /** Methods that the environment switches off. */
  readonly methodsOff?: readonly string[];
  /** An existing folder of an earlier cloud. */
  readonly folder?: string;
  readonly time?: VirtualTime;
  readonly masterKey?: string;
  readonly publicUrl?: string;
  /** By default what this test project is about. */
  readonly database?: DatabaseKind;
  /** An existing database instead, as a second process of a deployment has. */
  readonly databaseUrl?: string;
  /** Of its randomness; by default another one at every opening, as every process start has. */
  readonly seed?: number;
  readonly log?: Logger;
  /** Days until keys rotate by themselves; by default never. */
  readonly keyDays?: { readonly issuer: number; readonly feed: number };
  readonly mailer?: Mailer;
  readonly oidc?: Config['oidc'];
  /** By default so high that no test but those of limits meets one on requests. */
  readonly limitsFactor?: number;
  readonly trustedProxies?: number;
  /** Private networks that webhooks may reach. */
  readonly webhookNetworks?: readonly string[];
  readonly metricsToken?: string;
  /** Under it gates have names of their own on the LAN. */
  readonly gateDomain?: string;
  /** What signs passes for wallets. */
  readonly wallets?: Partial<Pick<Config, 'apple' | 'google' | 'passes'>>;
  /** The chain of tickets that are tokens. */
  readonly nft?: Config['nft'];
  /** What the chain says of wallets that are contracts. */
  readonly checkContract?: ContractCheck;
}

/** The databases of the clouds that have not been closed for good, by folder. */
const databasesByFolder = new Map<string, TestDatabase>();

export async function createTestCloud({
  methodsOff = [],
  folder = mkdtempSync(join(tmpdir(), 'postern-cloud-')),
  time = createVirtualTime(),
  masterKey,
  publicUrl = 'https://cloud.test',
  log = silentLog,
  database: kind,
  databaseUrl,
  seed = ++openings,
  keyDays = { issuer: 0, feed: 0 },
  mailer,
  oidc,
  limitsFactor = 1_000,
  trustedProxies = 0,
  webhookNetworks = [],
  metricsToken,
  gateDomain,
  wallets = {},
  nft,
  checkContract,
}: TestCloudOptions = {}): Promise<TestCloud> {
  const own =
    databaseUrl === undefined
      ? (databasesByFolder.get(folder) ?? (await createTestDatabase(folder, kind === undefined ? {} : { kind })))
      : undefined;
  if (own !== undefined) databasesByFolder.set(folder, own);
  const url = databaseUrl ?? own?.url ?? '';
  const config: Config = {
    data: folder,
    database: url,
    host: '127.0.0.1',
    port: 0,
    issuerKeyDays: keyDays.issuer,
    feedKeyDays: keyDays.feed,
    limitsFactor,
    trustedProxies,
    logLevel: 'silent',
    methodsOff: [...methodsOff],
    webhookNetworks: [...webhookNetworks],
    publicUrl,
    passes: { organisation: 'Test hall', colour: '#16324f' },
    ...wallets,
    ...(masterKey === undefined ? {} : { masterKey }),
    ...(metricsToken === undefined ? {} : { metricsToken }),
    ...(gateDomain === undefined ? {} : { gateDomain }),
    ...(nft === undefined ? {} : { nft }),
    ...(oidc === undefined ? {} : { oidc }),
  };
  const opened = await openCloud({
    config,
    log,
    random: seededRandom(seed),
    clock: time.clock,
    timer: time.timer,
    ...(mailer === undefined ? {} : { mailer }),
    ...(checkContract === undefined ? {} : { checkContract }),
  });
  if (!opened.ok) throw new Error(`the cloud did not open: ${JSON.stringify(opened.error)}`);
  const cloud = opened.value;
  const first = await cloud.users.createFirst();
  const token = first?.token ?? (await cloud.users.resetAdministrator()) ?? '';
  return {
    cloud,
    time,
    folder,
    token,
    databaseUrl: url,
    stored: () => readStored(url, folder),
    ...accessCloud(async (path, init) => cloud.app.request(path, init), token),
    close: async () => {
      await cloud.close();
      await own?.remove();
      databasesByFolder.delete(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function accessCloud(request: CloudAccess['request'], token: string): CloudAccess {
  const api: CloudAccess['api'] = (method, path, body, headers = {}) =>
    request(path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    request,
    api,
    json: async <T>(
      method: string,
      path: string,
      body?: unknown,
      status = method === 'POST' && !path.endsWith('/publish') ? 201 : 200,
    ) => {
      const response = await api(method, path, body);
      const text = await response.text();
      if (response.status !== status) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
  };
}

async function readStored(url: string, folder: string): Promise<Buffer> {
  if (url.startsWith('sqlite:')) {
    const files = readdirSync(folder).filter((name) => name.startsWith('cloud.db'));
    return Buffer.concat(files.map((name) => readFileSync(join(folder, name))));
  }
  return withDatabase(url, async (database) => {
    const tables = await database.introspection.getTables();
    const rows = await Promise.all(
      tables.map(({ name }) =>
        database
          .selectFrom(name as 'user')
          .selectAll()
          .execute(),
      ),
    );
    return Buffer.from(JSON.stringify(rows));
  });
}

/** An event with one zone and the types 1 (plain) and 2 (held for an ID check). */
export const someEvent = {
  name: 'Test night',
  types: [
    { id: 1, name: 'Standing' },
    { id: 2, name: 'Under 18', hold: 'under-18' },
  ],
  zones: [{ id: 'arena', name: 'Arena' }],
} as const;

export interface TestGate {
  readonly id: string;
  readonly keys: KeyPair;
  readonly enrolment: EnrolResponse;
  /** A signed request; signs again with a new nonce when the cloud asks for it. */
  readonly request: (
    method: string,
    path: string,
    body?: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  /** From now on it speaks to another process of the same deployment, with the nonce it has. */
  readonly turnTo: (other: CloudAccess) => void;
  /** One segment with all these marks of one process start, signed. */
  readonly chunk: (
    marks: readonly Mark[],
    options?: { readonly throughMs?: number; readonly closed?: boolean },
  ) => Promise<SignedChunk>;
  /** Ships chunks as a sync message and reads the answer. */
  readonly push: (chunks: readonly SignedChunk[], event?: number) => Promise<SyncAnswer>;
}

export async function enrolTestGate(
  cloud: CloudAccess,
  event: number,
  id: string,
  {
    name = `Gate ${id.slice(-1).toUpperCase()}`,
    zone = 'arena',
  }: { readonly name?: string; readonly zone?: string } = {},
): Promise<TestGate> {
  const invitation = gateResponseSchema.parse(
    await cloud.json('POST', `/admin/events/${event}/gates`, {
      id,
      name,
      zone,
      lanes: [{ id: 'lane-1' }],
    }),
  );
  return enrolWithCode(cloud, id, invitation.code);
}

/** A gate's machine with the one-time code that somebody has typed into it. */
export async function enrolWithCode(cloud: CloudAccess, id: string, code: string): Promise<TestGate> {
  const identity = await createIdentity(id);
  const response = await postJson(cloud, '/enrol', {
    code,
    csr: identity.csr,
    publicKey: bytesToHex(identity.keys.publicKey),
    nonce: '00'.repeat(16),
  });
  const enrolment = enrolResponseSchema.parse(await response.json());
  const ledger = await loadLedger();
  let target = cloud;
  let nonce = response.headers.get(nonceHeader) ?? '';
  const requestOnce: TestGate['request'] = async (method, path, body = new Uint8Array(0), headers = {}) => {
    const token = encodeRequestToken(
      { audience: gateTokenAudience, issuer: id, nonce, method, path, body, nowMs: 0 },
      identity.keys,
    );
    const answer = await target.request(path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...headers },
      ...(body.length === 0 ? {} : { body: Buffer.from(body) }),
    });
    nonce = answer.headers.get(nonceHeader) ?? nonce;
    return answer;
  };
  const request: TestGate['request'] = async (...about) => {
    const first = await requestOnce(...about);
    return first.status === 401 && (await first.clone().json()).type === 'nonce-needed' ? requestOnce(...about) : first;
  };
  return {
    id,
    keys: identity.keys,
    enrolment,
    request,
    turnTo: (other) => {
      target = other;
    },
    chunk: async (marks, { throughMs, closed = false } = {}) => {
      const [first] = marks;
      const last = marks.at(-1);
      if (first === undefined || last === undefined) throw new Error('a chunk has marks');
      const segment = { event: first.event, gate: first.gate, boot: first.boot, segment: 0 };
      const document = ledger.createSegment(segment);
      document.append(marks.map(encodeMark));
      const state = {
        ...segment,
        firstSequence: first.sequence,
        count: marks.length,
        hash: document.hashAt(marks.length),
        closed,
        through: throughMs === undefined ? last.at : { ms: throughMs, counter: 0 },
      };
      return signChunk(
        identity.keys.secretKey,
        state,
        closed ? 'whole' : 'changes',
        0,
        closed ? document.save() : document.changes(0, marks.length),
      );
    },
    push: async (chunks, ofEvent = enrolment.event.id) => {
      const answer = await request(
        'POST',
        '/sync',
        encodeSyncRequest({ event: ofEvent, gates: [], wants: [], chunks }),
        { 'Content-Type': syncContentType },
      );
      if (answer.status !== 200) throw new Error(`sync answered ${answer.status}: ${await answer.text()}`);
      const decoded = decodeSyncAnswer(new Uint8Array(await answer.arrayBuffer()));
      if (!decoded.ok) throw new Error(decoded.error.cause);
      return decoded.value;
    },
  };
}

export const postJson = async (cloud: CloudAccess, path: string, body: unknown): Promise<Response> =>
  cloud.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

let identities = 0;

/** A device key and the certificate request it signs. */
export async function createIdentity(id: string): Promise<{ readonly keys: KeyPair; readonly csr: string }> {
  const seed = new Uint8Array(32).fill(++identities);
  const keys = keyPairFromSeed(seed);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const pair = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, { name: 'Ed25519' }, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('raw', Buffer.from(keys.publicKey), { name: 'Ed25519' }, true, [
      'verify',
    ]),
  };
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: `CN=${id}`, keys: pair, signingAlgorithm: { name: 'Ed25519' } },
    webcrypto as never,
  );
  return { keys, csr: Buffer.from(request.rawData).toString('base64') };
}

/** Every process has chance of its own, also on the same folder. */
let openings = 0;

/** Repeatable bytes: nothing secret in tests. */
function seededRandom(seed = 1): (bytes: number) => Uint8Array {
  let state = seed;
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

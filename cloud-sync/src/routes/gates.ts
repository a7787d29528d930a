// What gates ask for: the time and enrolment (before they are anybody), then the feed and sync, each request signed by the gate.
import {
  answerSync,
  createDigestMemo,
  enrolPath,
  enrolRequestSchema,
  enrolResponseSchema,
  hexToBytes,
  jsonBodyBytesMax,
  serverTimeContentType,
  signServerTime,
  syncContentType,
  syncMessageBytesMax,
  syncPath,
  timePath,
  timeRequestSchema,
  type Clock,
  type DigestOf,
  type EnrolResponse,
  type Ingest,
  type KeyPair,
  type Logger,
  type ReplicaStore,
  type Nonces,
} from '@postern/shared';
import type { Hono, MiddlewareHandler } from 'hono';
import { describeRoute } from 'hono-openapi';
import { Readable } from 'node:stream';
import type { Authority } from '../services/authority.ts';
import type { Devices } from '../services/devices.ts';
import type { FaceFeed } from '../services/face-feed.ts';
import type { Feed } from '../services/feed.ts';
import type { FeedFiles } from '../services/feed-files.ts';
import type { Keys } from '../services/keys.ts';
import { giveNonce } from './auth.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, boundedBody, describe, jsonBody, validEvent, validJson, validSha256 } from './input.ts';
import { senderOf } from './sender.ts';

export interface GateRoutesDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly keys: Keys;
  readonly nonces: Nonces;
  readonly authority: Authority;
  readonly devices: Devices;
  readonly feed: Feed;
  readonly files: FeedFiles;
  readonly faceFeed: FaceFeed;
  readonly replica: ReplicaStore;
  readonly ingest: Ingest;
  readonly publicUrl: () => string;
  /** Refuses whatever no gate has signed (requireGate). */
  readonly gateOnly: MiddlewareHandler<Environment>;
  /** Marks of this event, or a gate's state, have changed. */
  readonly changed: (event: number) => void;
}

const gateProblems = ['nonce-needed', 'token-invalid', 'gate-revoked'] as const;

export function gateRoutes(deps: GateRoutesDeps): Hono<Environment> {
  const { clock, log, keys, nonces, devices, feed, files, replica, ingest, changed, gateOnly } = deps;
  const router = createRouter();
  const digests = new Map<number, DigestOf>();
  const digestOf = (event: number): DigestOf => {
    const known = digests.get(event) ?? createDigestMemo();
    digests.set(event, known);
    return known;
  };
  const nonce = giveNonce(nonces);
  const signTime = (nonceHex: string, feedKey: KeyPair): Uint8Array =>
    signServerTime(hexToBytes(nonceHex) ?? new Uint8Array(0), clock.wallMs(), feedKey);

  router.post(
    timePath,
    nonce,
    describeRoute(
      describe('The time, signed for a nonce', 'gates', { contentType: serverTimeContentType }, bodyProblems),
    ),
    jsonBody(),
    validJson(timeRequestSchema),
    async (c) =>
      c.body(Buffer.from(signTime(c.req.valid('json').nonce, (await keys.current()).feed)), 200, {
        'Content-Type': serverTimeContentType,
        'Cache-Control': 'no-store',
      }),
  );

  router.post(
    enrolPath,
    nonce,
    describeRoute(
      describe('Turn a one-time code into a certificate', 'gates', { schema: enrolResponseSchema }, [
        ...bodyProblems,
        'code-invalid',
        'csr-malformed',
        'csr-signature-invalid',
        'csr-key-mismatch',
      ]),
    ),
    jsonBody(jsonBodyBytesMax),
    validJson(enrolRequestSchema),
    async (c) => {
      const request = c.req.valid('json');
      const enrolled = await devices.enrol(request, senderOf(c));
      if (!enrolled.ok) return problem(c, enrolled.error);
      const gate = enrolled.value;
      const events = [gate.event, ...gate.also.map(({ id }) => id)];
      log.info({ gate: gate.id, events }, 'a gate has enrolled');
      c.get('audit')?.add({ gate: gate.id, event: gate.event });
      for (const event of events) changed(event);
      const keySet = await keys.current();
      const response: EnrolResponse = {
        v: 1,
        gate: { id: gate.id, name: gate.name, zone: gate.zone },
        event: { id: gate.event, name: gate.eventName },
        also: [...gate.also],
        cloud: deps.publicUrl(),
        certificate: gate.certificate,
        ca: deps.authority.certificate,
        feedKeys: keySet.published.filter(
          (key) => key.use === 'feed' && (key.state === 'active' || key.state === 'next'),
        ),
        lanes: [...gate.lanes],
        signedTime: Buffer.from(signTime(request.nonce, keySet.feed)).toString('base64'),
      };
      return c.json(response, 200, { 'Cache-Control': 'no-store' });
    },
  );

  router.get(
    '/feed/:event/manifest',
    nonce,
    describeRoute(
      describe('The signed manifest of the newest feed', 'feed', { contentType: 'application/cose' }, [
        ...gateProblems,
        'request-invalid',
        'event-forbidden',
        'feed-unpublished',
      ]),
    ),
    validEvent,
    gateOnly,
    async (c) => {
      const { event } = c.req.valid('param');
      const gate = c.get('gate');
      if (!gate.events.has(event)) return problem(c, { type: 'event-forbidden' });
      const current = await feed.current(event);
      if (!current.ok) return problem(c, current.error);
      await devices.noteContact(gate.id, event, current.value.version);
      const headers = { ETag: `"${event}-${current.value.version}"`, 'Cache-Control': 'private, no-cache' };
      if (c.req.header('If-None-Match') === headers.ETag) return c.body(null, 304, headers);
      return c.body(Buffer.from(current.value.manifest), 200, { ...headers, 'Content-Type': 'application/cose' });
    },
  );

  router.get(
    '/feed/files/:sha256',
    nonce,
    describeRoute(
      describe('A file of the feed, by its hash', 'feed', { contentType: 'application/octet-stream' }, [
        ...gateProblems,
        'request-invalid',
        'file-unknown',
      ]),
    ),
    validSha256,
    gateOnly,
    async (c) => {
      const { sha256 } = c.req.valid('param');
      const faces = await readFaceFile(deps.faceFeed, c.get('gate').events, sha256);
      if (faces !== undefined)
        return c.body(Buffer.from(faces), 200, { 'Content-Type': 'application/octet-stream', ...unkept });
      const event = await feed.eventOfFile(sha256);
      const isOurs = event !== undefined && c.get('gate').events.has(event);
      const file = isOurs ? await files.read(sha256) : undefined;
      if (file === undefined) return problem(c, { type: 'file-unknown' });
      const headers = {
        'Content-Type': 'application/octet-stream',
        'Content-Length': String(file.bytes),
        ETag: `"${sha256}"`,
        'Cache-Control': 'private, max-age=31536000, immutable',
      };
      return c.body(Readable.toWeb(file.stream) as ReadableStream, 200, headers);
    },
  );

  router.post(
    syncPath,
    nonce,
    describeRoute(
      describe('Exchange marks', 'sync', { contentType: syncContentType }, [
        ...gateProblems,
        'sync-malformed',
        'event-forbidden',
        'content-type-unsupported',
        'body-too-large',
      ]),
    ),
    boundedBody([syncContentType, 'application/cbor'], syncMessageBytesMax),
    gateOnly,
    async (c) => {
      const gate = c.get('gate');
      const maySync = async (_sender: unknown, event: number): Promise<boolean> => gate.events.has(event);
      const answered = await answerSync(
        { store: replica, ingest, maySync, digestOf },
        { gate: gate.id },
        c.get('body'),
      );
      for (const alarm of ingest.takeAlarms()) log.warn({ ...alarm }, 'a chunk was put aside');
      if (!answered.ok)
        return answered.error.type === 'malformed'
          ? problem(c, { type: 'sync-malformed', detail: answered.error.cause })
          : problem(c, { type: 'event-forbidden' });
      await devices.noteContact(gate.id, answered.value.event);
      changed(answered.value.event);
      return c.body(Buffer.from(answered.value.answer), 200, { 'Content-Type': syncContentType });
    },
  );
  return router;
}

/** What no cache on the way may hold. */
const unkept = { 'Cache-Control': 'no-store' } as const;

async function readFaceFile(
  faceFeed: FaceFeed,
  events: ReadonlySet<number>,
  sha256: string,
): Promise<Uint8Array | undefined> {
  for (const event of events) {
    const bytes = await faceFeed.read(event, sha256);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}

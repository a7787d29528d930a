// Goal: what happens at an event reaches whoever asked for it, signed, in the end exactly what happened and nothing else; and no receiver,
// however it behaves, harms the service, its neighbours or the other receivers.
import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type JobRun,
  type TicketResponse,
  type WebhookCreated,
  type WebhookDelivery,
  type WebhookDeliveryPage,
  type WebhookView,
} from '@postern/shared';
import { createAddresses, isNetwork } from '../../../cloud-sync/src/services/network-addresses.ts';
import { failingMsMax, retryWaitsMs } from '../../../cloud-sync/src/services/webhooks/attempts.ts';
import { deliveryName } from '../../../cloud-sync/src/services/webhooks/deliver.ts';
import { endpointsMax } from '../../../cloud-sync/src/services/webhooks/endpoints.ts';
import { createSender, sendTimeoutMs, type Sent } from '../../../cloud-sync/src/services/webhooks/send.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { aMark } from '../../support/marks.ts';
import { createVirtualTime, virtualStartMs } from '../../support/virtual-time.ts';
import { startWebhookReceiver, type Heard, type WebhookReceiver } from '../../support/webhook-receiver.ts';

let receivers: WebhookReceiver[] = [];
const receive = async (): Promise<WebhookReceiver> => {
  const receiver = await startWebhookReceiver();
  receivers.push(receiver);
  return receiver;
};
afterEach(async () => {
  for (const receiver of receivers) await receiver.close();
  receivers = [];
});

/** As Standard Webhooks says, from what came over the wire. */
function signatureOf(heard: Heard | undefined, key: Buffer): string {
  const [id, timestamp] = ['webhook-id', 'webhook-timestamp'].map((name) => String(heard?.headers[name]));
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${heard?.body}`).digest('base64')}`;
}

describe('webhooks of an event', () => {
  let test: TestCloud;
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    test = await createTestCloud({ webhookNetworks: ['127.0.0.0/8'] });
    await test.json('POST', '/api/events', someEvent);
    receiver = await receive();
  });
  afterEach(() => test.close());

  const listen = (types: readonly string[], url = receiver.url): Promise<WebhookCreated> =>
    test.json('POST', '/api/events/1/webhooks', { url, types });
  /** Delivers what is due, as the service does by itself. */
  async function deliver(): Promise<JobRun> {
    const started = await test.cloud.jobs.start(deliveryName, 0, {});
    if (!started.ok) throw new Error(started.error.type);
    await test.cloud.jobs.perform(started.value.id);
    return test.json('GET', `/admin/jobs/runs/${started.value.id}`);
  }
  const issue = (): Promise<TicketResponse> => test.json('POST', '/api/tickets', { event: 1, type: 1 });
  const messages = async ({ id }: WebhookCreated): Promise<readonly WebhookDelivery[]> =>
    (await test.json<WebhookDeliveryPage>('GET', `/api/events/1/webhooks/${id}/deliveries`)).deliveries;
  const view = async ({ id }: WebhookCreated): Promise<WebhookView | undefined> =>
    (await test.json<{ webhooks: WebhookView[] }>('GET', '/api/events/1/webhooks')).webhooks.find(
      (one) => one.id === id,
    );
  const bodies = (): unknown[] => receiver.heard.map(({ body }) => JSON.parse(body));

  describe('a message', () => {
    it('is signed so that whoever has the secret can tell, in the form of Standard Webhooks', async () => {
      const { secret } = await listen(['ticket.created']);
      const ticket = await issue();
      await deliver();
      const [heard] = receiver.heard;
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
      expect(key).toHaveLength(32);
      expect(heard?.headers['webhook-signature']).toBe(signatureOf(heard, key));
      expect(heard?.headers['webhook-timestamp']).toBe(`${virtualStartMs / 1_000}`);
      expect(heard?.headers['content-type']).toBe('application/json');
      expect(bodies()).toEqual([
        {
          type: 'ticket.created',
          timestamp: new Date(virtualStartMs).toISOString(),
          data: { event: 1, tickets: [{ id: ticket.id }] },
        },
      ]);
    });

    it('is there exactly if what it tells of was done', async () => {
      const webhook = await listen(['ticket.created', 'ticket.revoked']);
      const { id } = await issue();
      expect((await test.api('POST', '/api/tickets', { event: 1, type: 99 })).status).toBe(422);
      expect((await test.api('POST', `/api/tickets/${id}/revoke`, undefined, { 'If-Match': '"no"' })).status).toBe(412);
      await test.json('POST', `/api/tickets/${id}/revoke`, undefined, 200);
      expect((await test.api('POST', `/api/tickets/${id}/revoke`)).status).toBe(409);
      expect((await messages(webhook)).map(({ type }) => type).toSorted()).toEqual([
        'ticket.created',
        'ticket.revoked',
      ]);
    });

    it('tells of what happens at gates and here, and of a case once, without names', async () => {
      await listen(['mark.admitted', 'case.opened', 'case.changed']);
      const ticket = await test.json<TicketResponse>('POST', '/api/tickets', {
        event: 1,
        type: 1,
        holder: { name: 'Ada Lovelace' },
      });
      const [a, b] = [await enrolTestGate(test, 1, 'gate-a'), await enrolTestGate(test, 1, 'gate-b')];
      const at = (seconds: number) => ({ ms: virtualStartMs + seconds * 1_000, counter: 0 });
      const admitted = (gate: string, seconds: number) =>
        aMark({ event: 1, gate, ticketId: ticket.id, at: at(seconds), operator: 'steward77' });
      const first = await a.chunk([admitted('gate-a', 0)]);
      await a.push([first]);
      await b.push([await b.chunk([admitted('gate-b', 60)]), first]);
      await deliver();
      expect(bodies().map((body) => (body as { type: string }).type)).toEqual([
        'mark.admitted',
        'mark.admitted',
        'case.opened',
      ]);
      expect(bodies()).toContainEqual(
        expect.objectContaining({
          data: {
            event: 1,
            marks: [expect.objectContaining({ gate: 'gate-a', ticket: ticket.id, atMs: virtualStartMs, persons: 1 })],
          },
        }),
      );
      for (const { body } of receiver.heard) for (const name of ['Ada', 'steward77']) expect(body).not.toContain(name);
    });

    it('of many tickets holds so many that it stays small', async () => {
      await listen(['ticket.created']);
      await test.json('POST', '/api/tickets/batch', {
        event: 1,
        tickets: Array.from({ length: 1_001 }, () => ({ type: 1 })),
      });
      await deliver();
      const counts = bodies().map((body) => (body as { data: { tickets: unknown[] } }).data.tickets.length);
      expect(counts.toSorted((x, y) => x - y)).toEqual([1, 500, 500]);
    });

    it('goes to those that asked for its type, of its event, and on its own soon after', async () => {
      await test.json('POST', '/api/events', { ...someEvent, name: 'Another' });
      await test.json('POST', '/api/events/2/webhooks', { url: `${receiver.url}/two`, types: ['ticket.created'] });
      await listen(['ticket.revoked'], `${receiver.url}/revoked`);
      await listen(['ticket.created'], `${receiver.url}/created`);
      await test.cloud.start();
      await issue();
      await expect
        .poll(async () => {
          await test.time.advance(1_000);
          return receiver.heard.map(({ path }) => path);
        })
        .toEqual(['/created']);
    });
  });

  describe('a receiver', () => {
    it('that fails is tried again after ever longer waits, with the same id, and given up in the end', async () => {
      const webhook = await listen(['ticket.created']);
      receiver.answerBy((response) => void response.writeHead(500).end());
      await issue();
      await deliver();
      for (const waitMs of retryWaitsMs) {
        const [message] = await messages(webhook);
        const plannedMs = (message?.nextAtMs ?? 0) - test.time.clock.wallMs();
        expect(plannedMs).toBeGreaterThanOrEqual(0.8 * waitMs);
        expect(plannedMs).toBeLessThanOrEqual(1.2 * waitMs);
        // Not before its time.
        const before = receiver.heard.length;
        test.time.jump(plannedMs - 1);
        await deliver();
        expect(receiver.heard.length).toBe(before);
        test.time.jump(1);
        await deliver();
        expect(receiver.heard.length).toBe(before + 1);
      }
      expect(new Set(receiver.heard.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      expect(await messages(webhook)).toMatchObject([
        { state: 'dead', attempts: retryWaitsMs.length + 1, lastStatus: 500, lastFailure: 'refused' },
      ]);
      expect(await view(webhook)).toMatchObject({ dead: 1, waiting: 0, failingSinceMs: virtualStartMs });

      receiver.answerBy((response) => void response.writeHead(200).end());
      expect(await test.json('POST', `/api/events/1/webhooks/${webhook.id}/replay`, {}, 200)).toEqual({ replayed: 1 });
      await deliver();
      expect(await messages(webhook)).toMatchObject([{ state: 'delivered', attempts: 1, lastStatus: 200 }]);
      expect((await view(webhook))?.failingSinceMs).toBeUndefined();
    });

    it('that redirects is not followed', async () => {
      const elsewhere = await receive();
      const webhook = await listen(['ticket.created']);
      receiver.answerBy((response) => void response.writeHead(307, { Location: elsewhere.url }).end());
      await issue();
      await deliver();
      expect(await messages(webhook)).toMatchObject([{ state: 'waiting', lastStatus: 307, lastFailure: 'redirected' }]);
      expect(elsewhere.heard).toEqual([]);
    });

    it('that is gone is told nothing any more, until somebody switches it on again', async () => {
      const webhook = await listen(['ticket.created']);
      receiver.answerBy((response) => void response.writeHead(410).end());
      await issue();
      await deliver();
      expect(await view(webhook)).toMatchObject({ enabled: false, disabledBecause: 'gone', dead: 1 });
      test.time.jump(2_000);
      await issue();
      expect((await messages(webhook)).length).toBe(1);
      receiver.answerBy((response) => void response.writeHead(204).end());
      await test.json('PATCH', `/api/events/1/webhooks/${webhook.id}`, { enabled: true }, 200);
      await issue();
      await deliver();
      expect((await messages(webhook)).map(({ state }) => state)).toEqual(['delivered', 'dead']);
    });

    it('that fails for days is switched off', async () => {
      const webhook = await listen(['ticket.created']);
      receiver.answerBy((response) => void response.writeHead(503).end());
      await issue();
      await deliver();
      test.time.jump(failingMsMax);
      await deliver();
      expect(await view(webhook)).toMatchObject({ enabled: false, disabledBecause: 'failing' });
    });

    it('that asks for time gets it', async () => {
      const webhook = await listen(['ticket.created']);
      receiver.answerBy((response) => void response.writeHead(429, { 'Retry-After': '600' }).end());
      await issue();
      await deliver();
      expect((await messages(webhook))[0]?.nextAtMs).toBe(virtualStartMs + 600_000);
    });

    it('that hangs keeps no other one waiting, and ends by time-out', async () => {
      const other = await receive();
      const webhook = await listen(['ticket.created']);
      await listen(['ticket.created'], other.url);
      receiver.answerBy(() => undefined);
      for (let number = 0; number < 6; number++) await issue();
      const delivering = deliver();
      await expect.poll(() => other.heard.length).toBe(6);
      await expect.poll(() => receiver.heard.length).toBe(4);
      await test.time.advance(sendTimeoutMs);
      await expect
        .poll(async () => (await messages(webhook)).filter(({ lastFailure }) => lastFailure === 'time-out').length)
        .toBeGreaterThanOrEqual(4);
      // Its end is not waited for by whoever stops the service.
      await test.cloud.jobs.runner.stop();
      await delivering;
    });

    it('that answers without an end is cut off, and counts as it began', async () => {
      const webhook = await listen(['ticket.created']);
      receiver.answerBy((response) => {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      });
      await issue();
      await deliver();
      expect(await messages(webhook)).toMatchObject([{ state: 'delivered' }]);
    });
  });

  describe('for organisers', () => {
    it('there is a list, a try, one message again, and an end', async () => {
      const webhook = await listen(['ticket.created']);
      const tried = await test.json<WebhookDelivery>('POST', `/api/events/1/webhooks/${webhook.id}/test`, {}, 202);
      await deliver();
      expect(bodies()).toMatchObject([{ type: 'webhook.test' }]);
      await test.json('POST', `/api/events/1/webhooks/${webhook.id}/deliveries/${tried.message}/replay`, {}, 200);
      await deliver();
      expect(receiver.heard.map(({ headers }) => headers['webhook-id'])).toEqual([tried.message, tried.message]);
      expect((await test.api('DELETE', `/api/events/1/webhooks/${webhook.id}`)).status).toBe(204);
      expect(await test.json('GET', '/api/events/1/webhooks')).toEqual({ webhooks: [] });
      expect((await test.api('POST', `/api/events/1/webhooks/${webhook.id}/test`, {})).status).toBe(404);
    });

    it('the secret is shown once and nowhere else, and opens under a new master key', async () => {
      const { secret, ...webhook } = await listen(['ticket.created']);
      expect(await view({ ...webhook, secret })).toEqual(webhook);
      const raw = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
      const stored = await test.stored();
      for (const form of [secret, raw.toString('base64'), raw.toString('hex')])
        expect(stored.includes(form)).toBe(false);
      const { folder, time } = test;
      await test.cloud.reseal(new Uint8Array(32).fill(7));
      await test.cloud.close();
      test = await createTestCloud({ folder, time, masterKey: '07'.repeat(32), webhookNetworks: ['127.0.0.0/8'] });
      await issue();
      await deliver();
      const [heard] = receiver.heard;
      expect(heard?.headers['webhook-signature']).toBe(signatureOf(heard, raw));
    });

    it('there are so many at most, and none that is wrong', async () => {
      const refusals = [
        { url: 'ftp://example.org', types: ['ticket.created'] },
        { url: 'https://user:word@example.org', types: ['ticket.created'] },
        { url: receiver.url, types: ['ticket.printed'] },
        { url: receiver.url, types: [] },
      ];
      for (const body of refusals) expect((await test.api('POST', '/api/events/1/webhooks', body)).status).toBe(400);
      for (let number = 0; number < endpointsMax; number++) await listen(['ticket.created']);
      expect(
        (await test.api('POST', '/api/events/1/webhooks', { url: receiver.url, types: ['case.opened'] })).status,
      ).toBe(409);
    });
  });
});

describe('addresses', () => {
  it.each([
    'http://127.0.0.1/',
    'https://10.1.2.3/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'http://198.51.100.7/',
  ])('%s is refused where no network is named', async (url) => {
    const test = await createTestCloud();
    await test.json('POST', '/api/events', someEvent);
    expect(await test.json('POST', '/api/events/1/webhooks', { url, types: ['case.opened'] }, 422)).toMatchObject({
      type: 'webhook-url-forbidden',
    });
    await test.close();
  });

  it('of the public internet are allowed by TLS, and of a named network also without', () => {
    const { isAllowed, isOwnNetwork } = createAddresses(['10.1.0.0/16', 'fd12::/16']);
    expect(['1.1.1.1', '2606:4700::1111', '10.1.2.3', 'fd12::5'].map(isAllowed)).toEqual([true, true, true, true]);
    expect(['10.2.0.1', 'fd13::5', '255.255.255.255', 'no address'].map(isAllowed)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(['10.1.2.3', '1.1.1.1'].map(isOwnNetwork)).toEqual([true, false]);
    expect(['10.1.0.0/16', 'fd12::/16', '10.1.0.0', '10.1.0.0/33', 'x/8', '::/129'].map(isNetwork)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  /** What a name leads to is asked at every connection. */
  async function sendTo(name: string, answers: readonly LookupAddress[], port: string): Promise<Sent | undefined> {
    const { timer } = createVirtualTime();
    const sender = createSender({
      timer,
      addresses: createAddresses(['127.0.0.2/32']),
      resolveName: (_name, _options, done) => done(null, [...answers]),
    });
    const sent = await sender.send(`http://${name}:${port}/`, {}, '{}', new AbortController().signal);
    sender.close();
    return sent;
  }

  it('that a name leads to are looked at where the connection is made: one bad one is enough', async () => {
    const receiver = await receive();
    const { port } = new URL(receiver.url);
    const [good, bad] = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    expect(await sendTo('tickets.example', [bad], port)).toEqual({ type: 'failed', failure: 'address-forbidden' });
    expect(await sendTo('tickets.example', [good, bad], port)).toEqual({
      type: 'failed',
      failure: 'address-forbidden',
    });
    expect(await sendTo('tickets.example', [{ address: '1.1.1.1', family: 4 }], port)).toEqual({
      type: 'failed',
      failure: 'plain-http-forbidden',
    });
    expect(receiver.heard).toEqual([]);
  });

  it('that nobody listens at are a failure like any', async () => {
    const receiver = await receive();
    const { port } = new URL(receiver.url);
    await receiver.close();
    receivers = [];
    expect(await sendTo('tickets.example', [{ address: '127.0.0.2', family: 4 }], port)).toEqual({
      type: 'failed',
      failure: 'connection-refused',
    });
  });
});

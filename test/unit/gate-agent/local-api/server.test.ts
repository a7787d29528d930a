import { connect } from 'node:net';
import { Hono } from 'hono';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../../../gate-agent/src/local-api/server.ts';

test('whoever asks for a stream and never reads it is cut off, and what is made for it ends', async () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const app = new Hono().get('/', (context) =>
    context.body(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(256 * 1024)),
        cancel: end,
      }),
    ),
  );
  const server = await listen({ listen: '127.0.0.1', port: 0, app, silentMs: 200 });
  if (!server.ok) throw new Error(server.error.message);
  onTestFinished(server.value.close);
  // Without anybody who listens for data nothing is read.
  const visitor = connect(server.value.port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void visitor.destroy());
  visitor.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await ended).toBeUndefined();
});

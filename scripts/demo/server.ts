// The demo's own web server: the one page, its state by server-sent events, the pictures of the two cameras as the gates report
// them, and what a person does on the page. Listens on loopback only and takes orders from its own page only.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { shownTextCharsMax, webcamFrameBytes, type PageAction, type PageState } from './page-state.ts';
import { gateNames, type GateName } from './story.ts';

const bodyBytesMax = webcamFrameBytes;
const listenersMax = 32;
const stateIntervalMs = 150;
const gateSchema = z.enum(['a', 'b']);

const actionSchema: z.ZodType<PageAction> = z.union([
  z.strictObject({ action: z.enum(['cut', 'heal', 'kill']) }),
  z.strictObject({ action: z.enum(['accept', 'decline']), gate: gateSchema, hold: z.string().max(100) }),
  z.strictObject({ action: z.literal('show'), gate: gateSchema, text: z.string().min(1).max(shownTextCharsMax) }),
]);

export interface ServerDeps {
  readonly pageFolder: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly state: () => PageState;
  /** Resolves with a complaint for the person, or undefined when it is done. */
  readonly act: (action: PageAction) => Promise<string | undefined>;
  readonly webcamFrame: (gate: GateName, grey: Uint8Array) => void;
  /** Where a gate serves its camera's frames, while it runs. */
  readonly previewUrl: (gate: GateName) => string | undefined;
}

export interface DemoServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

export async function startServer(deps: ServerDeps): Promise<DemoServer> {
  const pageFiles = readPage(deps.pageFolder);
  const listeners = new Set<ServerResponse>();
  const hosts = new Set<string>();

  // The state goes to everybody at a steady pace; a listener that does not keep up misses states, never delays others.
  const timer = setInterval(() => {
    if (listeners.size === 0) return;
    const message = `event: state\ndata: ${JSON.stringify(deps.state())}\n\n`;
    for (const listener of listeners) if (!listener.writableNeedDrain) listener.write(message);
  }, stateIntervalMs);

  const listen = (response: ServerResponse): void => {
    if (listeners.size >= listenersMax) return answer(response, 503, 'Too many pages are open');
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`event: state\ndata: ${JSON.stringify(deps.state())}\n\n`);
    listeners.add(response);
    response.on('close', () => listeners.delete(response));
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://demo');
    const [, section = '', gateText] = pathname.split('/');
    const gate = gateNames.find((name) => name === gateText);
    if (!hosts.has(request.headers.host ?? '')) return answer(response, 403, 'Unknown host name');
    if (request.method === 'GET') {
      if (section === 'events') return listen(response);
      if (section === 'camera' && gate) return forwardPreview(deps.previewUrl(gate), search, response);
      return servePage(pageFiles, pathname, response);
    }
    if (request.method !== 'POST') return answer(response, 405, 'GET or POST');
    const origin = request.headers.origin;
    if (origin !== undefined && !hosts.has(origin.replace('http://', '')))
      return answer(response, 403, 'Only the page of the demo may do that');
    const body = await readBody(request);
    if (body === undefined) return answer(response, 413, `At most ${bodyBytesMax} bytes`);
    if (section === 'webcam' && gate) {
      if (body.length !== webcamFrameBytes) return answer(response, 400, `A frame has ${webcamFrameBytes} bytes`);
      deps.webcamFrame(gate, body);
      return answer(response, 204, '');
    }
    if (section === 'action' && request.headers['content-type'] === 'application/json') {
      const action = actionSchema.safeParse(parseJson(body));
      if (!action.success) return answer(response, 400, 'Not an action of this demo');
      const complaint = await deps.act(action.data);
      return complaint === undefined ? answer(response, 204, '') : answer(response, 409, complaint);
    }
    return answer(response, 404, 'Not here');
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((cause: unknown) => {
      if (!response.headersSent) answer(response, 500, cause instanceof Error ? cause.message : 'failed');
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(deps.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  for (const name of ['127.0.0.1', 'localhost']) hosts.add(`${name}:${port}`);
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const previewTimeoutMs = 5_000;

/** Passes one frame on, so that the page needs to talk to one origin only. */
async function forwardPreview(url: string | undefined, search: string, response: ServerResponse): Promise<void> {
  if (url === undefined) return answer(response, 503, 'The gate is not running');
  try {
    const frame = await fetch(url + search, { signal: AbortSignal.timeout(previewTimeoutMs) });
    const about = frame.headers.get('preview-about');
    if (!frame.ok || about === null) return answer(response, 503, `The gate answers ${frame.status}`);
    const grey = new Uint8Array(await frame.arrayBuffer());
    response
      .writeHead(200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'no-store',
        'preview-about': about,
      })
      .end(grey);
  } catch {
    // Killed, starting, or a camera without frames: the page asks again.
    answer(response, 503, 'No frame');
  }
}

type PageFiles = ReadonlyMap<string, Buffer>;

/** All files of the built page, read once, so that no request ever names a path on disk. */
function readPage(folder: string): PageFiles {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [`/${relative(folder, path).split(sep).join('/')}`, readFileSync(path)];
    }),
  );
}

function servePage(files: PageFiles, pathname: string, response: ServerResponse): void {
  const name = pathname === '/' ? '/index.html' : pathname;
  const file = files.get(name);
  if (!file) return answer(response, 404, files.size === 0 ? 'The page has not been built: npm run build' : 'Not here');
  response.writeHead(200, {
    'content-type': contentTypes[extname(name)] ?? 'application/octet-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src http://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
  response.end(file);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined; // Not JSON: the schema refuses `undefined` with the same answer.
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

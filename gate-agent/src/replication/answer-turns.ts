// In whose turn others are answered on the LAN: each of them one question at a time, and few at once in all, so that nobody takes what is
// there for everybody, and memory has a bound.
import type { Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { syncMessageBytesMax } from '@postern/shared';

export const connectionsMax = 256;
/** So that one machine cannot take all of them. */
export const connectionsPerAddressMax = 32;
/** Of one sender: the one that is answered, and one behind it, as from one that has given up waiting and asks anew. */
const waitingPerSenderMax = 2;
/** Messages that are read or answered at once; whoever comes later waits. */
const answersAtOnceMax = 16;
/** For a whole request, and for reading the answer; half of it for the handshake and for the headers. */
export const requestTimeoutMs = 10_000;
const checkConnectionsEveryMs = 1_000;
const idleTimeoutMs = 60_000;

/** Options of a server that waits for nobody for long. */
export const boundedServer = (timeoutMs: number) =>
  ({
    maxHeaderSize: 4_096,
    requestTimeout: timeoutMs,
    headersTimeout: timeoutMs / 2,
    // Node looks only every 30 s otherwise, and a request that drips would live that much longer than its limit.
    connectionsCheckingInterval: checkConnectionsEveryMs,
    keepAliveTimeout: idleTimeoutMs,
    handshakeTimeout: timeoutMs / 2,
  }) as const;

/** Bounds connections, in all and of one address. */
export function boundConnections(server: Server, timeoutMs: number): void {
  server.maxConnections = connectionsMax;
  server.timeout = timeoutMs;
  const connections = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const from = socket.remoteAddress ?? '';
    const open = (connections.get(from) ?? 0) + 1;
    if (open > connectionsPerAddressMax) return void socket.destroy();
    connections.set(from, open);
    socket.once('close', () => {
      const left = (connections.get(from) ?? 1) - 1;
      if (left > 0) connections.set(from, left);
      else connections.delete(from);
    });
  });
}

export interface AnswerTurns {
  /** Runs the task when it is this sender's turn; false when it has too many waiting already. Rejects as the task does. */
  readonly take: (sender: string, task: () => Promise<void>) => Promise<boolean>;
}

export function createAnswerTurns(): AnswerTurns {
  const places = createPlaces(answersAtOnceMax);
  /** How many questions each has asked, and when its last one is done. */
  const asking = new Map<string, { readonly waiting: number; readonly turn: Promise<void> }>();
  return {
    take: async (sender, task) => {
      const before = asking.get(sender) ?? { waiting: 0, turn: Promise.resolve() };
      if (before.waiting >= waitingPerSenderMax) return false;
      const turn = before.turn.then(() => places.take(task));
      const asked = { waiting: before.waiting + 1, turn: turn.catch(() => undefined) };
      asking.set(sender, asked);
      try {
        await turn;
      } finally {
        const now = asking.get(sender) ?? asked;
        if (now.waiting === 1) asking.delete(sender);
        else asking.set(sender, { ...now, waiting: now.waiting - 1 });
      }
      return true;
    },
  };
}

/** The body of a sync message; undefined when it is larger than one may be. */
export async function readBounded(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > syncMessageBytesMax) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

interface Places {
  /** Runs the task as soon as one of the places is free, first come, first served. */
  readonly take: (task: () => Promise<void>) => Promise<void>;
}

function createPlaces(count: number): Places {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    take: async (task) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        await task();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}

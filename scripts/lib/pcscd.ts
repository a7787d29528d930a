// The real pcscd with virtual readers (vsmartcard's vpcd), in a mount namespace of its own so that it meets no other: its socket lies in
// a folder of the test. A virtual tag is a TCP connection to a reader: bytes with a length of two bytes before them; one byte alone is
// the reader's own: 0 off, 1 on, 2 reset, 4 asks for the answer to reset.
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstReason, missingPrograms, missingRoot } from './missing.ts';
import type { VirtualTag } from './virtual-tags.ts';

const driver = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';

/** Why the real PC/SC stack cannot be tried on this machine, or undefined. */
export const missingPcsc = (): string | undefined =>
  firstReason(
    missingPrograms('pcscd', 'unshare'),
    existsSync(driver) ? undefined : 'vsmartcard-vpcd not installed',
    isBuilt() ? undefined : 'nfc-pcsc not built (libpcsclite-dev, then npm ci)',
    missingRoot(),
  );

function isBuilt(): boolean {
  try {
    createRequire(new URL('../../gate-agent/package.json', import.meta.url)).resolve(
      '@pokusew/pcsclite/build/Release/pcsclite.node',
    );
    return true;
  } catch {
    // That it throws is the answer.
    return false;
  }
}

export interface Tapped {
  /** Takes the tag away; resolves when pcscd has noticed, which looks every 400 ms. */
  readonly remove: () => Promise<void>;
  /** The same for a tag that tears itself away. */
  readonly left: Promise<void>;
}

export interface VirtualPcscd {
  /** Resolves when it answers again. */
  readonly start: () => Promise<void>;
  /** Without a word, as a crash. */
  readonly kill: () => Promise<void>;
  /** It goes on running and answers nobody, until it is killed. */
  readonly freeze: () => void;
  /** Holds a tag to the reader of this index, 0 or 1. */
  readonly tap: (tag: VirtualTag, reader?: 0 | 1) => Promise<Tapped>;
  readonly close: () => Promise<void>;
}

/** The driver keeps its state by slot and not by reader: two readers at once are the two slots of one, whose names end differently. */
export const virtualReaders = ['ACS ACR122U PICC (virtual) 00 00', 'ACS ACR122U PICC (virtual) 00 01'] as const;

/** Every PC/SC program that this process starts from now on meets this pcscd. */
export async function createPcscd(): Promise<VirtualPcscd> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pcscd-'));
  const [run, readers] = [join(folder, 'run'), join(folder, 'readers')];
  mkdirSync(run);
  mkdirSync(readers);
  const firstPort = await freePort();
  const channel = `0x${firstPort.toString(16)}`;
  writeFileSync(
    join(readers, 'virtual'),
    `FRIENDLYNAME "ACS ACR122U PICC (virtual)"\nDEVICENAME /dev/null:${channel}\nLIBPATH ${driver}\nCHANNELID ${channel}\n`,
  );
  const socket = join(run, 'pcscd.comm');
  process.env['PCSCLITE_CSOCK_NAME'] = socket;
  const taps = new Set<Socket>();
  /** By the index of the reader. */
  const removals = new EventEmitter();
  let daemon: ChildProcess | undefined;

  const kill = async (): Promise<void> => {
    if (daemon === undefined) return;
    const ended = once(daemon, 'exit');
    daemon.kill('SIGKILL');
    await ended;
    daemon = undefined;
    for (const name of ['pcscd.comm', 'pcscd.pid']) rmSync(join(run, name), { force: true });
  };

  return {
    start: async () => {
      const script = `mkdir -p /run/pcscd && mount --bind ${run} /run/pcscd && exec pcscd --foreground --info -c ${readers}`;
      const started = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', script], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      daemon = started;
      let [log, errors] = ['', ''];
      const isReady = new Promise<void>((resolve, reject) => {
        started.stdout.on('data', (data: Buffer) => {
          const lines = (log + data.toString()).split('\n');
          log = lines.pop() ?? '';
          for (const line of lines) {
            if (line.includes('daemon ready')) resolve();
            for (const [index, name] of virtualReaders.entries())
              if (line.includes(`Card Removed From ${name}`)) removals.emit(String(index));
          }
        });
        started.stderr.on('data', (data: Buffer) => (errors = (errors + data.toString()).slice(-2_000)));
        started.once('exit', () => reject(new Error(`pcscd has ended: ${errors}`)));
      });
      await isReady;
    },
    kill,
    freeze: () => void daemon?.kill('SIGSTOP'),
    tap: async (tag, reader = 0) => {
      const tapped = connect(firstPort + reader, '127.0.0.1');
      tapped.setNoDelay(true);
      await once(tapped, 'connect');
      taps.add(tapped);
      answerFor(tag, tapped);
      const left = once(removals, String(reader)).then(() => undefined);
      return {
        remove: async () => {
          taps.delete(tapped);
          tapped.destroy();
          await left;
        },
        left,
      };
    },
    close: async () => {
      for (const tapped of taps) tapped.destroy();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answerFor(tag: VirtualTag, socket: Socket): void {
  let waiting = Buffer.alloc(0);
  const send = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
  };
  // Taken away while somebody reads: what the reader still sends meets a closed connection.
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    waiting = Buffer.concat([waiting, data]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const message = waiting.subarray(2, 2 + waiting.readUInt16BE(0));
      waiting = waiting.subarray(2 + message.length);
      if (message.length === 1) {
        if (message[0] === 4) send(tag.atr);
        continue;
      }
      const answer = tag.answer(Uint8Array.from(message));
      if (answer === undefined) return void socket.destroy();
      send(answer);
    }
  });
}

/** Each slot has a port: this one and the next. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as AddressInfo;
    const second = createServer().listen(port + 1, '127.0.0.1');
    const isFree = await Promise.race([
      once(second, 'listening').then(() => true),
      once(second, 'error').then(() => false),
    ]);
    await Promise.all([first, second].map((server) => new Promise((resolve) => server.close(resolve))));
    if (isFree && port < 65_535) return port;
  }
}

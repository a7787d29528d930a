// The floor of an NFC reader: nfc-pcsc by itself. Sends the commands that it is told to every tag that is held to the reader of the
// given name, and says when the last answer was there. Nothing of ours is in the way.
import { createRequire } from 'node:module';
import { createSystemClock } from '../../gate-agent/src/system.ts';

/** The part of the package that is used here. */
interface BareReader {
  readonly name: string;
  autoProcessing: boolean;
  readonly on: (event: 'card' | 'error', listener: () => void) => void;
  readonly transmit: (command: Buffer, answerBytesMax: number) => Promise<Buffer>;
}
interface BareClient {
  readonly on: (event: 'reader' | 'error', listener: (reader: BareReader) => void) => void;
}

const { NFC } = createRequire(new URL('../../gate-agent/package.json', import.meta.url))('nfc-pcsc') as {
  readonly NFC: new () => BareClient;
};
const [, , wanted = ''] = process.argv;
const answerBytesMax = 258;
const clock = createSystemClock();
let commands: readonly Uint8Array[] = [];

const client = new NFC();
client.on('error', () => undefined);
client.on('reader', (reader) => {
  if (reader.name !== wanted) return;
  reader.autoProcessing = false;
  reader.on('error', () => undefined);
  reader.on('card', () => {
    void (async () => {
      for (const command of commands) await reader.transmit(Buffer.from(command), answerBytesMax);
      process.send?.({ type: 'read', atMs: clock.monotonicMs() });
    })();
  });
  process.send?.({ type: 'ready' });
});
process.on('message', (told: readonly Uint8Array[]) => (commands = told));
process.on('disconnect', () => process.exit(0));

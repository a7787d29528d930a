// The process that holds the PC/SC client. It is one of its own because the client's native half stands still, and everything with it,
// while pcscd is missing or hangs, and never recovers from a restart of it: then this process ends, and the next one starts afresh.
// Says what readers and tags come and go, and passes commands on. The only file that knows nfc-pcsc.
import { connect } from 'node:net';
import type { Reader } from 'nfc-pcsc';

export type NfcNotice =
  /** The PC/SC service has answered; readers follow. */
  | { readonly type: 'ready' }
  | { readonly type: 'reader'; readonly reader: number; readonly name: string }
  | { readonly type: 'reader-gone'; readonly reader: number }
  | { readonly type: 'card'; readonly reader: number; readonly card: number; readonly atr: Uint8Array }
  | { readonly type: 'card-gone'; readonly reader: number }
  /** `bytes` absent: the tag did not answer. */
  | { readonly type: 'answer'; readonly id: number; readonly bytes?: Uint8Array }
  /** The last words. */
  | {
      readonly type: 'failed';
      readonly fault: 'service-missing' | 'package-missing' | 'reader-failed';
      readonly cause: string;
    };

/** One command for the card that is named: for no other that may have taken its place. */
export interface NfcCommand {
  readonly id: number;
  readonly reader: number;
  readonly card: number;
  readonly bytes: Uint8Array;
  readonly answerBytesMax: number;
}

/** Within it the client notices that the service is gone. */
const endedMs = 250;

const tell = (notice: NfcNotice): void => void process.send?.(notice);

function fail(fault: Extract<NfcNotice, { type: 'failed' }>['fault'], cause: string): void {
  process.send?.({ type: 'failed', fault, cause } satisfies NfcNotice, () => process.exit(1));
}

/** Whether somebody listens; where systemd does it for pcscd, this starts it. */
const isListening = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => socket.destroy() && resolve(true));
    socket.once('error', () => resolve(false));
  });

async function main(socketPath: string): Promise<void> {
  if (!(await isListening(socketPath)))
    return fail('service-missing', `the PC/SC service does not run (nobody listens at ${socketPath})`);
  const { NFC } = await import('nfc-pcsc');
  const client = new NFC();
  const readers: { readonly device: Reader; card: number | undefined }[] = [];
  let cards = 0;
  client.on('error', (cause: Error) => fail('reader-failed', `the PC/SC service has gone: ${cause.message}`));
  client.on('reader', (device: Reader) => {
    const reader = readers.push({ device, card: undefined }) - 1;
    const known = readers[reader];
    if (known === undefined) return;
    device.autoProcessing = false;
    device.on('card', ({ atr }: { readonly atr?: Uint8Array }) => {
      known.card = ++cards;
      tell({ type: 'card', reader, card: known.card, atr: Uint8Array.from(atr ?? []) });
    });
    device.on('card.off', () => {
      known.card = undefined;
      tell({ type: 'card-gone', reader });
    });
    // A reader in trouble ends next; without a listener the process would.
    device.on('error', () => undefined);
    device.on('end', () => {
      known.card = undefined;
      // When pcscd dies, each reader ends just before or after the client says so: that is no reader that was unplugged.
      setTimeout(() => tell({ type: 'reader-gone', reader }), endedMs);
    });
    tell({ type: 'reader', reader, name: device.name });
  });
  process.on('message', ({ id, reader, card, bytes, answerBytesMax }: NfcCommand) => {
    const known = readers[reader];
    const answer = (received?: Uint8Array): void =>
      tell({ type: 'answer', id, ...(received === undefined ? {} : { bytes: Uint8Array.from(received) }) });
    if (known?.card !== card) return answer();
    try {
      known.device.transmit(Buffer.from(bytes), answerBytesMax).then(answer, () => answer());
    } catch {
      // It throws where the card has left a moment ago.
      answer();
    }
  });
  tell({ type: 'ready' });
}

process.on('disconnect', () => process.exit(0));
main(process.argv[2] ?? '').catch((cause: unknown) =>
  fail('package-missing', `nfc-pcsc cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`),
);

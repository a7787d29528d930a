// The part of nfc-pcsc 0.8 that we use; the package has no types of its own.
declare module 'nfc-pcsc' {
  import type { EventEmitter } from 'node:events';

  /** Events: `card` {atr}, `card.off`, `error`, `end`. */
  export interface Reader extends EventEmitter {
    readonly name: string;
    autoProcessing: boolean;
    /** Throws at once where there is no card. */
    readonly transmit: (command: Buffer, answerBytesMax: number) => Promise<Buffer>;
  }
  /** Events: `reader`, `error`. Its constructor spins until pcscd is there, its `close` may block for a minute. */
  export class NFC extends EventEmitter {
    close(): void;
  }
}

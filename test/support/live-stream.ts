// The live stream of an event as a page reads it: `state` messages, one after the other.
import { liveStateSchema, type LiveState } from '@postern/shared';
import type { CloudAccess } from './cloud.ts';

export interface LiveStream {
  /** The next state; rejects when the stream has ended. */
  readonly next: () => Promise<LiveState>;
  readonly cancel: () => Promise<void>;
}

const opening = 'event: state\ndata: ';
/** Which release of the dashboard may read it comes behind. */
const ending = /\nid: [^\n]+$/;

export async function openLiveStream(cloud: Pick<CloudAccess, 'api'>, event = 1): Promise<LiveStream> {
  const response = await cloud.api('GET', `/api/events/${event}/live`);
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  let text = '';
  return {
    next: async () => {
      while (!text.includes('\n\n')) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream has ended');
        text += value;
      }
      const message = text.slice(0, text.indexOf('\n\n'));
      text = text.slice(message.length + 2);
      if (!message.startsWith(opening)) throw new Error(`no state: ${message.slice(0, 100)}`);
      return liveStateSchema.parse(JSON.parse(message.slice(opening.length).replace(ending, '')));
    },
    cancel: () => reader.cancel(),
  };
}

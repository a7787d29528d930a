// Server-sent events for programs: Node 20 has no EventSource. Reads one connection to its end; connecting again is the caller's
// business.

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** An event larger than this ends the stream. */
const eventCharsMax = 1024 * 1024;

/** Calls `onEvent` for each event; resolves at the stream's end, rejects when it breaks, also by `signal`. */
export async function readEvents(
  url: string,
  onEvent: (event: ServerSentEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal });
  if (!response.ok || !response.body) throw new Error(`${url} answers ${response.status}`);
  const decoder = new TextDecoder();
  let buffer = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    buffer += decoder.decode(chunk, { stream: true });
    const events = buffer.split(/\r?\n\r?\n/);
    buffer = events.pop() ?? '';
    if (buffer.length > eventCharsMax) throw new Error(`${url}: an event over ${eventCharsMax} characters`);
    for (const text of events) {
      const event = parseEvent(text);
      if (event) onEvent(event);
    }
  }
}

export function parseEvent(text: string): ServerSentEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}

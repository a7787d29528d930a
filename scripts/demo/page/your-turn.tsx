// The end of the story: your own webcam, any text you like, and how to check everything without us.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { GateName } from '../story.ts';
import { shownTextCharsMax, type PageState } from '../page-state.ts';
import { act } from './connection.ts';

const webcamWidth = 640;
const webcamHeight = 480;
const webcamIntervalMs = 110;

export function YourTurn({ now }: { readonly now: PageState }) {
  const [gate, setGate] = useState<GateName>('a');
  const [text, setText] = useState('');
  const [complaint, setComplaint] = useState<string | undefined>(undefined);
  const ticket = now.yourTicket;
  return (
    <div class="turn">
      <div class="ticket">
        {ticket ? (
          <img
            src={`data:image/svg+xml,${encodeURIComponent(ticket.qrSvg)}`}
            alt={`QR code of ticket ${ticket.label}`}
          />
        ) : undefined}
        <p>
          Ticket {ticket?.label ?? '…'}, which nobody in the story has. Photograph it and hold your phone to your
          webcam, or to both gates: the second one refuses, unless you cut the network first.
        </p>
      </div>
      <div class="controls">
        <label class="choice">
          At
          <select value={gate} onChange={(event) => setGate(event.currentTarget.value === 'b' ? 'b' : 'a')}>
            <option value="a">Gate A</option>
            <option value="b">Gate B</option>
          </select>
        </label>
        <Webcam gate={gate} />
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void act({ action: 'show', gate, text }).then(setComplaint);
          }}
        >
          <textarea
            rows={3}
            maxLength={shownTextCharsMax}
            placeholder="Paste any text: it becomes a QR code in front of the camera"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <div>
            <button type="submit" disabled={text === ''}>
              Hold it up
            </button>
            <button type="button" onClick={() => setText(ticket?.text ?? '')}>
              Use the ticket's text
            </button>
          </div>
          {complaint === undefined ? undefined : <p class="complaint">{complaint}</p>}
        </form>
      </div>
    </div>
  );
}

/** Sends grey frames of the webcam to the demo, which shows them to the gate's camera in place of its own visitors. */
function Webcam({ gate }: { readonly gate: GateName }) {
  const [on, setOn] = useState(false);
  const [complaint, setComplaint] = useState<string | undefined>(undefined);
  const video = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    if (!on) return undefined;
    const ending = new AbortController();
    void stream(gate, video.current, ending.signal).catch((cause: unknown) => {
      setComplaint(cause instanceof Error ? cause.message : 'No webcam');
      setOn(false);
    });
    return () => ending.abort();
  }, [on, gate]);

  return (
    <div class="webcam">
      <button
        type="button"
        onClick={() => {
          setComplaint(undefined);
          setOn(!on);
        }}
      >
        {on ? 'Stop my webcam' : 'Use my webcam'}
      </button>
      <span>{complaint ?? (on ? 'Your picture stays on this computer.' : '')}</span>
      <video ref={video} muted playsInline hidden />
    </div>
  );
}

async function stream(gate: GateName, video: HTMLVideoElement | null, signal: AbortSignal): Promise<void> {
  if (!video) return;
  if (!('mediaDevices' in navigator))
    throw new Error('This browser gives no webcam to pages that are not on localhost');
  const media = await navigator.mediaDevices.getUserMedia({
    video: { width: webcamWidth, height: webcamHeight },
    audio: false,
  });
  try {
    video.srcObject = media;
    await video.play();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [webcamWidth, webcamHeight];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('This browser cannot read pictures');
    while (!signal.aborted) {
      context.drawImage(video, 0, 0, webcamWidth, webcamHeight);
      await fetch(`/webcam/${gate}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: toGrey(context.getImageData(0, 0, webcamWidth, webcamHeight).data),
      });
      await new Promise((resolve) => setTimeout(resolve, webcamIntervalMs));
    }
  } finally {
    for (const track of media.getTracks()) track.stop();
  }
}

/** Luma by ITU-R BT.601, as cameras deliver it. */
function toGrey(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const grey = new Uint8Array(rgba.length / 4);
  for (let index = 0; index < grey.length; index++)
    grey[index] =
      (299 * (rgba[index * 4] ?? 0) + 587 * (rgba[index * 4 + 1] ?? 0) + 114 * (rgba[index * 4 + 2] ?? 0)) / 1_000;
  return grey;
}

export function Disbelieve({ now }: { readonly now: PageState }) {
  return (
    <div class="disbelieve">
      <p>
        Three processes: cloud {now.cloud.pid}, gate A {now.gates.a.pid}, gate B {now.gates.b.pid}. All they know is in{' '}
        <code>{now.folder}</code>, their logs too. Run these in another terminal, in <code>{now.repository}</code>:
      </p>
      {now.proofs.map(({ title, command, result }) => (
        <section key={title}>
          <h3>{title}</h3>
          <pre>
            {command}
            <button type="button" title="Copy" onClick={() => void navigator.clipboard.writeText(command)}>
              Copy
            </button>
          </pre>
          {result === undefined ? undefined : <p class="result">{result}</p>}
        </section>
      ))}
    </div>
  );
}

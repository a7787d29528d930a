// The page's frame: what is happening on top, a gate on either side, the cloud and the story between them.
import { useEffect } from 'preact/hooks';
import type { ChapterName } from '../story.ts';
import type { PageState } from '../page-state.ts';
import { act, connect, connected, state } from './connection.ts';
import { GateColumn } from './gate-column.tsx';
import { Middle } from './middle.tsx';

const chapters: readonly { readonly name: ChapterName; readonly atS: number; readonly title: string }[] = [
  { name: 'doors', atS: 0, title: 'Doors open' },
  { name: 'cut', atS: 15, title: 'Network cut' },
  { name: 'kill', atS: 30, title: 'Gate A killed' },
  { name: 'heal', atS: 40, title: 'Healed' },
  { name: 'your-turn', atS: 55, title: 'Your turn' },
];
const scriptSeconds = 60;

export function App() {
  useEffect(() => {
    connect();
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement;
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key !== 'c') return;
      void act({ action: state.value?.network === 'cut' ? 'heal' : 'cut' });
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  const now = state.value;
  if (!now) return <p class="waiting">Connecting to the demo …</p>;
  return (
    <>
      <Header now={now} />
      <main>
        <GateColumn gate="a" now={now} />
        <Middle now={now} />
        <GateColumn gate="b" now={now} />
      </main>
    </>
  );
}

function Header({ now }: { readonly now: PageState }) {
  const cut = now.network === 'cut';
  return (
    <header>
      <h1>Postern</h1>
      <ol class="chapters">
        {chapters.map(({ name, title }, index) => (
          <Chapter
            key={name}
            title={title}
            startS={chapters[index]?.atS ?? 0}
            endS={chapters[index + 1]?.atS ?? scriptSeconds}
            current={now.chapter === name}
            now={now}
          />
        ))}
      </ol>
      <div class="buttons">
        {connected.value ? undefined : <span class="gone">The demo has ended</span>}
        <button type="button" class={cut ? 'heal' : 'cut'} onClick={() => void act({ action: cut ? 'heal' : 'cut' })}>
          {cut ? 'Heal the network' : 'Cut the network'} <kbd>c</kbd>
        </button>
        <button type="button" onClick={() => void act({ action: 'kill' })} disabled={!now.gates.a.running}>
          Kill gate A
        </button>
      </div>
    </header>
  );
}

/** One part of the story with how much of it is over. */
function Chapter({
  title,
  startS,
  endS,
  current,
  now,
}: {
  readonly title: string;
  readonly startS: number;
  readonly endS: number;
  readonly current: boolean;
  readonly now: PageState;
}) {
  const elapsedS = ((now.nowMs - now.startedAtMs) / 1_000 / now.seconds) * scriptSeconds;
  const share = Math.min(1, Math.max(0, (elapsedS - startS) / (endS - startS)));
  return (
    <li
      class={current ? 'current' : ''}
      style={{ flexGrow: endS - startS }}
      aria-current={current ? 'step' : undefined}
    >
      <span class="bar">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {title}
    </li>
  );
}

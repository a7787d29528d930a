// Between the gates: the cloud with the cables to it, the cases, and the story as it happens; at the end, your turn.
import { useState } from 'preact/hooks';
import type { CaseCard, PageState, StoryLine } from '../page-state.ts';
import { clockTime, count, milliseconds, uncertainty } from './format.ts';
import { Shape } from './shapes.tsx';
import { Disbelieve, YourTurn } from './your-turn.tsx';

/** Lines of the story that stay in view during your turn. */
const latestLines = 4;

type Tab = 'story' | 'your-turn' | 'disbelieve';
const tabs: readonly { readonly id: Tab; readonly title: string }[] = [
  { id: 'story', title: 'What happens' },
  { id: 'your-turn', title: 'Your turn' },
  { id: 'disbelieve', title: 'How to disbelieve us' },
];

export function Middle({ now }: { readonly now: PageState }) {
  const [chosen, choose] = useState<Tab | undefined>(undefined);
  const tab = chosen ?? (now.chapter === 'your-turn' && !now.scripted ? 'your-turn' : 'story');
  return (
    <section class="middle" aria-label="Cloud and story">
      <Network now={now} />
      {now.cases.map((card) => (
        <Case key={card.id} card={card} />
      ))}
      <nav>
        {tabs.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            class={tab === id ? 'chosen' : ''}
            aria-pressed={tab === id}
            onClick={() => choose(id)}
          >
            {title}
          </button>
        ))}
      </nav>
      {tab === 'story' ? (
        <Story lines={now.story} />
      ) : tab === 'your-turn' ? (
        <>
          <YourTurn now={now} />
          <Story lines={now.story.slice(-latestLines)} />
        </>
      ) : (
        <Disbelieve now={now} />
      )}
    </section>
  );
}

/** Gate A, cloud, gate B and whether their histories are equal. */
function Network({ now }: { readonly now: PageState }) {
  const hashes = [now.gates.a.historyHash, now.cloud.historyHash, now.gates.b.historyHash];
  const equal = hashes.every((hash) => hash !== undefined && hash === hashes[0]);
  const cut = now.network === 'cut';
  return (
    <div class="network">
      <Hash name="Gate A" hash={hashes[0]} equal={equal} />
      <Cable cut={cut} />
      <div class="cloud">
        <h2>
          Cloud <small>process {now.cloud.pid}</small>
        </h2>
        <p>
          <strong>{count(now.cloud.entered)}</strong> entered <em>{count(now.cloud.marks)} marks</em>
        </p>
        <code class={equal ? 'equal' : ''}>{short(hashes[1])}</code>
      </div>
      <Cable cut={cut} />
      <Hash name="Gate B" hash={hashes[2]} equal={equal} />
      <p class={equal ? 'verdict equal' : 'verdict'}>
        {equal
          ? 'Three equal history hashes'
          : cut
            ? 'The network is cut: each gate knows only its own entries'
            : 'Histories are being merged …'}
      </p>
    </div>
  );
}

const short = (hash: string | undefined): string => hash?.slice(0, 8) ?? '········';

function Hash({
  name,
  hash,
  equal,
}: {
  readonly name: string;
  readonly hash: string | undefined;
  readonly equal: boolean;
}) {
  return (
    <div class="end">
      {name}
      <code class={equal ? 'equal' : ''}>{short(hash)}</code>
    </div>
  );
}

function Cable({ cut }: { readonly cut: boolean }) {
  return (
    <svg class={cut ? 'cable cut' : 'cable'} viewBox="0 0 60 24" aria-label={cut ? 'cut' : 'connected'} role="img">
      {cut ? <path d="M0 12H20M40 12H60M24 6l12 12M36 6L24 18" /> : <path d="M0 12H60" />}
    </svg>
  );
}

function Case({ card }: { readonly card: CaseCard }) {
  return (
    <article class="case">
      <Shape tone="alarm" size={34} />
      <div>
        <h3>{card.title}</h3>
        <p>
          {card.uses.map((use, index) => (
            <span key={use.gate + use.atMs}>
              {index > 0 ? ', ' : ''}
              {use.gate} <b>{clockTime(use.atMs)}</b> {uncertainty(use.uncertaintyMs)}
            </span>
          ))}
          {card.orderUncertain ? ' · the clocks cannot tell who was first' : ''}
        </p>
      </div>
    </article>
  );
}

function Story({ lines }: { readonly lines: readonly StoryLine[] }) {
  return (
    <ol class="story">
      {lines.toReversed().map((line) => (
        <li key={line.id} class={line.gate === undefined ? 'event' : ''}>
          <Shape tone={line.tone} />
          <h3>{line.title}</h3>
          <time>{clockTime(line.atMs)}</time>
          <div class="said">
            {line.text === undefined ? undefined : <p>{line.text}</p>}
            {line.figures ? <Figures figures={line.figures} /> : undefined}
          </div>
        </li>
      ))}
    </ol>
  );
}

/** Refusals and holds do not wait for the disk: a dash. */
function Figures({ figures }: { readonly figures: NonNullable<StoryLine['figures']> }) {
  return (
    <p class="figures">
      {figures.decodeMs === undefined ? undefined : (
        <span>
          decode <b>{milliseconds(figures.decodeMs)}</b> ms
        </span>
      )}
      <span>
        verify <b>{milliseconds(figures.verifyMs)}</b> ms
      </span>
      <span>
        fsync <b>{figures.commitMs === 0 ? '–' : milliseconds(figures.commitMs)}</b> ms
      </span>
    </p>
  );
}

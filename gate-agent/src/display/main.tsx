// The gate's screen. It draws what the agent says and nothing else; when it can no longer hear the agent it says so instead of
// leaving the last visitor's answer standing.
import { effect } from '@preact/signals';
import { render, type JSX } from 'preact';
import { directionOf, laneTexts, type Saying } from '@postern/shared';
import { beat, connect, connected, hello, views } from './connection.ts';
import type { DisplayView } from './messages.ts';
import { StateSymbol } from './symbols.tsx';

/** `/display?lane=two` shows one lane; without it the gate's first. */
const wantedLane = new URLSearchParams(location.search).get('lane') ?? undefined;

const silentTexts = {
  title: laneTexts.oneMoment,
  hint: {
    en: 'This screen is reconnecting',
    de: 'Der Bildschirm verbindet sich neu',
    fr: 'Cet écran se reconnecte',
    es: 'La pantalla se está reconectando',
    ar: 'تعيد هذه الشاشة الاتصال',
  },
} as const satisfies Saying;

function Display(): JSX.Element {
  const lane = wantedLane ?? hello.value?.lanes[0]?.id;
  const view = lane === undefined ? undefined : views.value.get(lane);
  if (!connected.value || view === undefined) return <Silent />;
  return (
    <main class={`stage tone-${view.tone}`} data-tone={view.tone}>
      <Rehearsal texts={view.rehearsal} />
      <Header lane={view.lane} />
      <section class="answer" key={view.tone} aria-live="assertive">
        <StateSymbol name={view.symbol} />
        <div class="words">
          {view.lines.map((line, index) => (
            <p class={index === 0 ? 'first' : 'further'} lang={line.language} key={line.language}>
              <span class={`title ${line.title.length > 16 ? 'long' : ''}`}>{line.title}</span>
              {line.hint === undefined ? null : <span class="hint">{line.hint}</span>}
            </p>
          ))}
          {view.party === undefined ? null : <Party party={view.party} />}
        </div>
      </section>
      <Staff lines={view.staff} />
    </main>
  );
}

/** Above everything, so that no gate rehearses unseen. */
const Rehearsal = ({ texts }: { readonly texts: DisplayView['rehearsal'] }): JSX.Element | null =>
  texts === undefined ? null : (
    <p class="rehearsal" role="status">
      {texts.map(({ language, text }) => (
        <span lang={language} dir={directionOf(language)} key={language}>
          {text}
        </span>
      ))}
    </p>
  );

function Header({ lane }: { readonly lane: string }): JSX.Element {
  const time = beat.value;
  const severalLanes = (hello.value?.lanes.length ?? 0) > 1;
  const shown =
    time === undefined
      ? ''
      : new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: time.timeZone }).format(
          new Date(time.nowMs),
        );
  return (
    <header>
      <span>
        {hello.value?.gate.name}
        {severalLanes ? ` · ${lane}` : ''}
      </span>
      <span class="time">{time?.clockTrusted === false ? `${shown} ?` : shown}</span>
    </header>
  );
}

function Party({ party }: { readonly party: NonNullable<DisplayView['party']> }): JSX.Element {
  const persons = party.from === party.to ? String(party.from) : `${party.from}–${party.to}`;
  return (
    <p class="party">
      <strong>{persons}</strong> / {party.of}
    </p>
  );
}

const Staff = ({ lines }: { readonly lines: readonly string[] }): JSX.Element => (
  <footer>
    {lines.map((line) => (
      <span key={line}>{line}</span>
    ))}
  </footer>
);

function Silent(): JSX.Element {
  const languages = hello.value?.languages ?? (['en', 'de'] as const);
  return (
    <main class="stage tone-closed" data-tone="silent">
      <header>
        <span>{hello.value?.gate.name ?? ''}</span>
      </header>
      <section class="answer">
        <StateSymbol name="unplugged" />
        <div class="words">
          {languages.map((language, index) => (
            <p class={index === 0 ? 'first' : 'further'} lang={language} key={language}>
              <span class="title">{silentTexts.title[language]}</span>
              <span class="hint">{silentTexts.hint[language]}</span>
            </p>
          ))}
        </div>
      </section>
      <footer />
    </main>
  );
}

connect('/events');
effect(() => {
  if (hello.value !== undefined) document.title = hello.value.gate.name;
});
const root = document.getElementById('display');
if (root !== null) render(<Display />, root);

// The gate's screen. It draws what the agent says and nothing else; when it can no longer hear the agent it says so instead of
// leaving the last visitor's answer standing.
import { effect } from '@preact/signals';
import { render, type JSX } from 'preact';
import { Answer, symbolsOf, Where } from './answer.tsx';
import { connect, connected, hello } from './connection.ts';
import { Header, Rehearsal } from './frame.tsx';
import { followLane, lane, languages, view } from './lane.ts';
import { allow } from './sounds.ts';
import { Footer } from './staff.tsx';
import { silentTexts } from './texts.ts';

function Display(): JSX.Element {
  const now = view.value;
  const at = lane.value;
  if (!connected.value || now === undefined || at === undefined) return <Silent />;
  return (
    <main class={`stage tone-${now.tone}`} data-tone={now.tone}>
      <Rehearsal texts={now.rehearsal} />
      <Header lane={now.lane} />
      <Answer symbols={symbolsOf(now, at)} lines={now.lines} party={now.party} />
      {now.tone === 'ready' && at.readerSide !== undefined && <Where side={at.readerSide} />}
      <Footer language={now.lines[0]?.language ?? 'en'} />
    </main>
  );
}

function Silent(): JSX.Element {
  const lines = languages.value.map((language) => ({
    language,
    title: silentTexts.title[language],
    hint: silentTexts.hint[language],
  }));
  return (
    <main class="stage tone-closed" data-tone="silent">
      <Header lane={undefined} />
      <Answer symbols={['unplugged']} lines={lines} />
    </main>
  );
}

connect('/events');
followLane();
addEventListener('pointerdown', allow, { once: true });
effect(() => {
  if (hello.value !== undefined) document.title = hello.value.gate.name;
});
effect(() => {
  document.documentElement.lang = view.value?.lines[0]?.language ?? languages.value[0] ?? 'en';
});
const root = document.getElementById('display');
if (root !== null) render(<Display />, root);

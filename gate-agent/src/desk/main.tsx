// The band desk's page. One field is always there and always has the keyboard, so that whatever a scanner types arrives in it: even with
// a button in focus, the first character goes to the field, and no scan can ever answer a question.
import { computed, effect } from '@preact/signals';
import { render, type JSX } from 'preact';
import { staffLanguageOf, type StaffLanguage } from '@postern/shared';
import { connect, connected, hello, views } from '../display/connection.ts';
import { StateSymbol } from '../display/symbols.tsx';
import { escape, given, shift, signOff, step, type Step } from './desk.ts';
import { unanswered } from './gate-client.ts';
import { labels, sayings } from './messages.ts';
import { SignOn } from './sign-on.tsx';
import { ShownStep } from './step.tsx';
import { focusField, TicketField } from './ticket-field.tsx';

const language: StaffLanguage = staffLanguageOf(navigator.languages);

const rehearses = computed(() => [...views.value.values()].some(({ rehearsal }) => rehearsal !== undefined));
const lost = computed(() => unanswered.value || (hello.value !== undefined && !connected.value));

const tones: Readonly<Record<Step['name'], 'plain' | 'good' | 'ask' | 'bad'>> = {
  'sign-on': 'plain',
  ticket: 'plain',
  band: 'plain',
  linking: 'plain',
  question: 'ask',
  writing: 'plain',
  unwritten: 'ask',
  done: 'good',
  failed: 'bad',
};

function Desk(): JSX.Element {
  const now = step.value;
  return (
    <main class={`desk tone-${tones[now.name]}`} data-step={now.name}>
      <Header />
      {lost.value && (
        <p class="lost" role="alert">
          <StateSymbol name="unplugged" />
          <span>
            <strong>{sayings.lost.title[language]}</strong> · {sayings.lost.hint[language]}
          </span>
        </p>
      )}
      {now.name === 'sign-on' ? (
        <SignOn now={now} language={language} />
      ) : (
        <>
          <ShownStep now={now} language={language} />
          <TicketField now={now} language={language} />
        </>
      )}
    </main>
  );
}

function Header(): JSX.Element {
  const by = shift.value;
  return (
    <header>
      <span>
        {labels.desk[language]}
        {hello.value === undefined ? '' : ` · ${hello.value.gate.name}`}
      </span>
      {rehearses.value && (
        <strong class="rehearsal" role="status">
          {labels.rehearsal[language]}
        </strong>
      )}
      {by !== undefined && step.value.name !== 'sign-on' && (
        <>
          <span class="given">
            {labels.given[language]}: <output>{given.value}</output>
          </span>
          <span>
            {by.operator} ({labels[by.role][language]})
          </span>
          <button type="button" class="quiet" onClick={signOff}>
            {labels.signOff[language]}
          </button>
        </>
      )}
    </header>
  );
}

document.documentElement.lang = language;
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.repeat) escape();
  // A space presses the button that has the focus; every other character is of a code.
  else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey)
    focusField();
});
document.addEventListener('click', (event) => {
  if (!(event.target instanceof Element && event.target.closest('button, input') !== null)) focusField();
});

connect('/events');
effect(() => {
  document.title = [labels.desk[language], hello.value?.gate.name].filter(Boolean).join(' · ');
});
const root = document.getElementById('desk');
if (root !== null) render(<Desk />, root);

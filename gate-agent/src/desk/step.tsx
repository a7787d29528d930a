// One step, large: a symbol, what to do, and the buttons with the keys that press them.
import type { JSX } from 'preact';
import type { StaffLanguage, StaffSaying } from '@postern/shared';
import { StateSymbol, type SymbolName } from '../display/symbols.tsx';
import { enter, escape, type Step } from './desk.ts';
import { labels, questions, sayings, sayProblem } from './messages.ts';
import { endOf } from './ticket-field.tsx';

type TicketStep = Exclude<Step, { readonly name: 'sign-on' }>;

const symbols: Readonly<Record<TicketStep['name'], SymbolName>> = {
  ticket: 'scan',
  band: 'band',
  linking: 'dots',
  question: 'question',
  writing: 'dots',
  unwritten: 'band',
  done: 'tick',
  failed: 'cross',
};

function sayingOf(now: TicketStep): StaffSaying {
  if (now.name === 'failed') return sayProblem(now.why);
  if ('saying' in now) return now.saying;
  return now.name === 'question' ? questions[now.question] : sayings[now.name];
}

interface Shown {
  readonly now: TicketStep;
  readonly language: StaffLanguage;
}

export function ShownStep({ now, language }: Shown): JSX.Element {
  const { title, hint } = sayingOf(now);
  return (
    <section class="step" aria-live="assertive">
      <StateSymbol name={symbols[now.name]} />
      <div class="words">
        <h1 class={title[language].length > 30 ? 'long' : ''}>{title[language]}</h1>
        {hint !== undefined && <p class="hint">{hint[language]}</p>}
        {'ticket' in now && (
          <p class="which">
            {labels.ticket[language]} <span class="code">{endOf(now.ticket)}</span>
          </p>
        )}
        <Buttons now={now} language={language} />
      </div>
    </section>
  );
}

function Buttons({ now, language }: Shown): JSX.Element | null {
  const no = (label: string): JSX.Element => (
    <button type="button" onClick={escape}>
      {label} <kbd>Esc</kbd>
    </button>
  );
  const yes = (label: string): JSX.Element => (
    <button type="button" class="main" onClick={() => enter('')}>
      {label} <kbd>Enter</kbd>
    </button>
  );
  switch (now.name) {
    case 'band':
      return <div class="buttons">{no(labels.cancel[language])}</div>;
    case 'question':
      return (
        <div class="buttons">
          {no(labels.keep[language])}
          {yes(questions[now.question].yes[language])}
        </div>
      );
    case 'unwritten':
      return (
        <div class="buttons">
          {no(labels.leave[language])}
          {yes(labels.again[language])}
        </div>
      );
    case 'failed':
      return <div class="buttons">{yes(labels.goOn[language])}</div>;
    case 'ticket':
    case 'linking':
    case 'writing':
    case 'done':
      return null;
  }
}

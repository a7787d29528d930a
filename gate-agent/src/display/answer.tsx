// The answer itself: one symbol, then what the visitor reads, the first language largest; a party is counted. While the lane waits for somebody
// the symbol is what they are to show, and an arrow says where.
import type { JSX } from 'preact';
import { directionOf, type Language } from '@postern/shared';
import { useFit } from './fit.ts';
import type { LaneOnScreen, ShownView } from './messages.ts';
import { StateSymbol, type SymbolName } from './symbols.tsx';
import { partyText } from './texts.ts';

interface AnswerProps {
  readonly symbols: readonly SymbolName[];
  readonly lines: ShownView['lines'];
  readonly party?: ShownView['party'];
}

export function Answer({ symbols, lines, party }: AnswerProps): JSX.Element {
  const first = lines[0]?.language ?? 'en';
  const words = useFit(JSON.stringify([lines, party, symbols.length]));
  return (
    <section class="answer" dir={directionOf(first)} aria-live="assertive">
      <div class={`symbols of-${symbols.length}`}>
        {symbols.map((name) => (
          <StateSymbol name={name} key={name} />
        ))}
      </div>
      <div class={`words ${lines.length === 1 ? 'alone' : ''}`} ref={words}>
        {lines.map(({ language, title, hint }, index) => (
          <p
            class={index === 0 ? 'first' : 'further'}
            lang={language}
            dir={directionOf(language)}
            key={`${index}-${language}`}
          >
            <span class={`title ${lengthOf(title)}`}>{title}</span>
            {hint === undefined ? null : <span class="hint">{hint}</span>}
          </p>
        ))}
        {party === undefined ? null : <Party party={party} language={first} />}
      </div>
    </section>
  );
}

/** The longer the text, the smaller it has to be: display.css says how large each is. */
function lengthOf(title: string): 'short' | 'medium' | 'long' | 'longest' {
  if (title.length <= 13) return 'short';
  if (title.length <= 23) return 'medium';
  return title.length <= 36 ? 'long' : 'longest';
}

/** More than these are not drawn but only written. */
const drawnMax = 10;

function Party({
  party: { from, to, of },
  language,
}: {
  readonly party: NonNullable<ShownView['party']>;
  readonly language: Language;
}): JSX.Element {
  const persons = from === to ? String(from) : `${from}–${to}`;
  return (
    <div class="party">
      <strong>{partyText[language].replace('{n}', persons).replace('{all}', String(of))}</strong>
      {of <= drawnMax && (
        <span class="persons" aria-hidden="true">
          {Array.from({ length: of }, (_, index) => (
            <Person key={index} now={index + 1 >= from && index + 1 <= to} in={index + 1 <= to} />
          ))}
        </span>
      )}
    </div>
  );
}

const Person = ({ now, in: isIn }: { readonly now: boolean; readonly in: boolean }): JSX.Element => (
  <svg class={`person ${isIn ? 'in' : ''} ${now ? 'now' : ''}`} viewBox="0 0 24 40">
    <circle cx="12" cy="8" r="6" />
    <path d="M2 38V24a10 8 0 0 1 20 0v14z" />
  </svg>
);

/** What is to be shown to the lane's readers. */
export const symbolsOf = (view: ShownView, lane: LaneOnScreen): readonly SymbolName[] =>
  view.symbol === 'scan' ? lane.shows.map((shown) => (shown === 'band' ? 'band' : 'code')) : [view.symbol];

/** At the screen's edge, pointing out of it. */
export const Where = ({ side }: { readonly side: NonNullable<LaneOnScreen['readerSide']> }): JSX.Element => (
  <div class={`where where-${side}`} aria-hidden="true">
    <svg viewBox="0 0 60 100">
      <path d="M12 14l36 36-36 36" />
    </svg>
  </div>
);

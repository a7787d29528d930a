// What came of a scan, over the whole screen: colour, shape and text at once, what the visitor reads and what the steward has to know, and the
// few things that can be done about it. It leaves when the lane is ready for the next visitor, or at a touch.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { directionOf, type LaneState } from '@postern/shared';
import { Button } from '@postern/shared/ui';
import { StateSymbol } from '../../display/symbols.tsx';
import { laneStateToView, type DisplayTone, type DisplayView } from '../../local-api/display-view.ts';
import { giveSign } from './feedback.ts';
import { labels } from './texts.ts';
import { language, say, usePage, visitorLanguage, type Page } from './page.ts';

/** The steward has seen it: the next state shows again. */
const seen = signal<LaneState | undefined>(undefined);
/** They last, and somebody has to get at what ends them: they take a part of the page alone. */
const lasting: readonly DisplayTone[] = ['closed', 'free'];

/** What a lane's state looks like here; the visitor's language, and the steward's for the small lines. */
export function viewOf(state: LaneState, { handheld }: Pick<Page, 'handheld'>): DisplayView {
  const now = handheld.state.value;
  const isRunning = now.phase === 'running';
  const lane = handheld.lane();
  return laneStateToView(lane?.id ?? '', state, {
    languages: [visitorLanguage.value],
    staffLanguage: language.value,
    timeZone: handheld.policy()?.timeZone ?? 'UTC',
    gateName: handheld.gateName,
    direction: isRunning ? now.direction : 'entry',
    shows: ['code'],
    // The line at the top says both.
    noContactSinceMs: undefined,
    clockTrusted: true,
    rehearsalUntilMs: isRunning ? now.rehearsal?.untilMs : undefined,
    hasFeed: !isRunning || now.feed.version !== undefined,
    forgotten: isRunning && now.feed.leaseEndedMs !== undefined ? 'lease-over' : undefined,
    atMs: isRunning ? now.clock.nowMs : 0,
  });
}

export function Outcome(): JSX.Element | null {
  const page = usePage();
  const state = page.handheld.laneState.value;
  const view = viewOf(state, page);
  const isOutcome = state.name !== 'idle' && state.name !== 'deciding';
  useEffect(() => {
    if (isOutcome) giveSign(view.tone);
  }, [state]);
  if (!isOutcome || seen.value === state || lasting.includes(view.tone)) return null;
  const close = (): void => {
    seen.value = state;
  };
  const canClose = state.name === 'passed' || state.name === 'lapsed' || state.name === 'refused';
  return (
    <section class={`outcome ${view.tone}`} role={view.tone === 'welcome' ? 'status' : 'alert'} aria-live="assertive">
      {view.rehearsal?.slice(0, 1).map(({ language: of, text }) => (
        <p key={of} class="rehearsal" lang={of} dir={directionOf(of)}>
          {text}
        </p>
      ))}
      <Sign view={view} />
      <Choices state={state} />
      {canClose && (
        <Button kind="primary" class="large" onClick={close}>
          {say(labels.next)}
        </Button>
      )}
    </section>
  );
}

/** That the lane is closed, or free, and why: above every view as long as it is so. */
export function Standing(): JSX.Element | null {
  const page = usePage();
  const view = viewOf(page.handheld.laneState.value, page);
  if (!lasting.includes(view.tone)) return null;
  return (
    <section class={`standing ${view.tone}`} role="alert">
      <Sign view={view} />
    </section>
  );
}

function Sign({ view }: { readonly view: DisplayView }): JSX.Element {
  const [line] = view.lines;
  return (
    <div class="sign">
      <StateSymbol name={view.symbol} />
      {line !== undefined && (
        <p class="visitor" lang={line.language} dir={directionOf(line.language)}>
          <strong>{line.title}</strong>
          {line.hint !== undefined && <span>{line.hint}</span>}
        </p>
      )}
      {view.party !== undefined && <Party {...view.party} />}
      {[...view.staff, ...view.standing].map((text) => (
        <p key={text} class="staff">
          {text}
        </p>
      ))}
    </div>
  );
}

const Party = ({ from, to, of }: NonNullable<DisplayView['party']>): JSX.Element => (
  <p class="party">
    {from === to ? from : `${from}–${to}`} / {of} <span>{say(labels.ofParty)}</span>
  </p>
);

/** What can be done about a state. */
function Choices({ state }: { readonly state: LaneState }): JSX.Element | null {
  const { duty, handheld } = usePage();
  const lane = handheld.lane()?.id ?? '';
  const now = handheld.state.value;
  switch (state.name) {
    case 'held':
      return (
        <div class="choices">
          <Button
            kind="primary"
            class="large"
            onClick={() => void duty.act({ type: 'accept-hold', lane, holdId: state.holdId })}
          >
            {say(labels.accept)}
          </Button>
          <Button class="large" onClick={() => duty.ask({ type: 'decline', holdId: state.holdId })}>
            {say(labels.decline)}
          </Button>
        </div>
      );
    case 'open':
      return <PartyCount state={state} />;
    case 'passed':
      return now.phase === 'running' && now.direction === 'exit' ? null : (
        <div class="choices">
          <Button onClick={() => duty.ask({ type: 'undo' })}>{say(labels.undo)}</Button>
        </div>
      );
    case 'refused':
      return (
        <div class="choices">
          <Button onClick={() => duty.ask({ type: 'override' })}>{say(labels.override)}</Button>
        </div>
      );
    default:
      return null;
  }
}

/** A party comes in parts: whoever stands at the door says how many. */
function PartyCount({ state }: { readonly state: Extract<LaneState, { readonly name: 'open' }> }): JSX.Element | null {
  const { handheld } = usePage();
  const { decision } = state;
  const most = decision === undefined || decision.kind === 'refuse' ? 1 : decision.persons;
  const [count, setCount] = useState(most);
  if (most < 2) return null;
  return (
    <div class="choices">
      <p class="question">{say(labels.came)}</p>
      <div class="stepper">
        <Button class="large" aria-label={say(labels.fewer)} disabled={count <= 1} onClick={() => setCount(count - 1)}>
          −
        </Button>
        <output aria-live="polite">{count}</output>
        <Button
          class="large"
          aria-label={say(labels.more1)}
          disabled={count >= most}
          onClick={() => setCount(count + 1)}
        >
          +
        </Button>
      </div>
      <Button kind="primary" class="large" onClick={() => handheld.partyPassed(count)}>
        {say(labels.confirmParty)}
      </Button>
    </div>
  );
}

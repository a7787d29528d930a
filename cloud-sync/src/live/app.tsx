// The page as a whole: sign-in, or one event with its numbers, gates, cases and last entries.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LiveState } from '@postern/shared';
import { Cases } from './cases.tsx';
import { choose, events, oldSinceMs, signIn, signInProblem, signOut, stage, state } from './connection.ts';
import { Entries } from './entries.tsx';
import { count, timeOfDay } from './format.ts';
import { Gates } from './gates.tsx';
import { Mark } from './shapes.tsx';

export function App(): JSX.Element {
  if (stage.value === 'sign-in') return <SignIn />;
  const shown = state.value;
  return (
    <>
      <Contact timeZone={shown?.timeZone ?? 'UTC'} />
      {shown === undefined ? (
        <p class="waiting">
          {stage.value === 'no-event' ? 'There is no event yet. Make one through the API.' : 'One moment …'}
        </p>
      ) : (
        <Live shown={shown} />
      )}
    </>
  );
}

function Live({ shown }: { readonly shown: LiveState }): JSX.Element {
  return (
    <div class={oldSinceMs.value === undefined ? 'live' : 'live old'}>
      <header>
        <div class="title">
          <h1>{shown.name}</h1>
          {events.value.length > 1 && (
            <select
              aria-label="Event"
              value={shown.event}
              onChange={(change) => choose(Number(change.currentTarget.value))}
            >
              {events.value.map((event) => (
                <option key={event.event} value={event.event}>
                  {event.policy.name}
                </option>
              ))}
            </select>
          )}
        </div>
        <p class="stamp">
          {oldSinceMs.value === undefined && (
            <span class="good">
              <Mark shape="disc" /> Live
            </span>
          )}
          <time>{timeOfDay(shown.atMs, shown.timeZone)}</time>
          <button type="button" class="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        </p>
      </header>
      <dl class="numbers">
        <Figure label="Entered" value={shown.admitted} />
        <Figure label="Refused" value={shown.refused} />
        <Figure label="Double entries" value={shown.cases} alarming={shown.cases > 0} />
        {shown.aside > 0 && <Figure label="Marks put aside" value={shown.aside} alarming />}
        <Figure label="Ticket list" value={shown.feedVersion} prefix="v" />
      </dl>
      <main>
        <Gates shown={shown} />
        <Cases shown={shown} />
        <Entries shown={shown} />
      </main>
    </div>
  );
}

const Figure = ({
  label,
  value,
  prefix = '',
  alarming = false,
}: {
  readonly label: string;
  readonly value: number;
  readonly prefix?: string;
  readonly alarming?: boolean;
}): JSX.Element => (
  <div class={alarming ? 'alarming' : ''}>
    <dt>{label}</dt>
    <dd>
      {alarming && <Mark shape="pair" />}
      {prefix}
      {count(value)}
    </dd>
  </div>
);

/** Says loudly when the page cannot vouch for what it shows. */
function Contact({ timeZone }: { readonly timeZone: string }): JSX.Element | null {
  const since = oldSinceMs.value;
  if (since === undefined) return null;
  return (
    <p class="contact" role="alert">
      <Mark shape="triangle" />
      {since === 0
        ? 'No contact with the cloud yet'
        : `No contact with the cloud since ${timeOfDay(since, timeZone)}: what you see is old`}
    </p>
  );
}

function SignIn(): JSX.Element {
  const [token, setToken] = useState('');
  return (
    <form
      class="sign-in"
      onSubmit={(submit) => {
        submit.preventDefault();
        void signIn(token);
      }}
    >
      <h1>Postern</h1>
      <label>
        Token
        <input
          type="password"
          autocomplete="current-password"
          autofocus
          required
          value={token}
          onInput={(input) => setToken(input.currentTarget.value)}
        />
      </label>
      <button type="submit">Sign in</button>
      <p role="alert">{signInProblem.value}</p>
      <p class="hint">The first start of cloud-sync has printed it. Lost? Run “cloud-sync token”.</p>
    </form>
  );
}

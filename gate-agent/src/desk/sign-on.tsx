// Who gives the bands: operator or staff card, then PIN. A scanner's Enter after the card leads on to the PIN.
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StaffLanguage } from '@postern/shared';
import { isCard, signOn, type Step } from './desk.ts';
import { labels, sayings, sayProblem } from './messages.ts';

interface Shown {
  readonly now: Extract<Step, { readonly name: 'sign-on' }>;
  readonly language: StaffLanguage;
}

export function SignOn({ now, language }: Shown): JSX.Element {
  const [who, setWho] = useState('');
  const [pin, setPin] = useState('');
  const whoField = useRef<HTMLInputElement>(null);
  const pinField = useRef<HTMLInputElement>(null);
  // Before anybody can type on.
  useLayoutEffect(() => {
    if (!now.busy) (who === '' ? whoField : pinField).current?.focus();
  }, [now]);
  const why = now.why === undefined ? undefined : sayProblem(now.why);
  return (
    <section class="sign-on">
      <h1>{sayings.signOn.title[language]}</h1>
      <p class="problem" role="alert">
        {why !== undefined && (
          <>
            <strong>{why.title[language]}.</strong> {why.hint?.[language]}
          </>
        )}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (who.trim() === '') whoField.current?.focus();
          else if (pin === '') pinField.current?.focus();
          else {
            setPin('');
            void signOn(who, pin);
          }
        }}
      >
        <label>
          {labels.operator[language]}
          <input
            ref={whoField}
            name="operator"
            class={isCard(who) ? 'masked' : ''}
            type="text"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            maxLength={64}
            value={who}
            onInput={(event) => setWho(event.currentTarget.value)}
          />
        </label>
        <label>
          {labels.pin[language]}
          <input
            ref={pinField}
            name="pin"
            type="password"
            inputmode="numeric"
            // Nothing for a browser to keep: this is not the user of this machine.
            autocomplete="one-time-code"
            maxLength={12}
            value={pin}
            onInput={(event) => setPin(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="main" disabled={now.busy === true}>
          {labels.signOn[language]} <kbd>Enter</kbd>
        </button>
      </form>
    </section>
  );
}

// What a one-time link is for. Nothing is done before somebody presses: programs that look through mail open links, too.
import { isPassword, type Problem } from '@postern/shared';
import { Button, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { tell } from '../cloud.ts';
import { say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import type { OneTimeLink as Link } from './link.ts';
import { labels } from './messages.ts';

export function OneTimeLink({ link }: { readonly link: Link }): JSX.Element {
  const [isDone, setDone] = useState(false);
  const isReset = link.kind === 'reset';
  const title = isReset ? (isDone ? labels.chosen : labels.choose) : isDone ? labels.confirmed : labels.confirm;
  return (
    <main class="sign-in-page">
      <div class="panel sign-in">
        <h1>{say(title)}</h1>
        {isDone ? (
          <>
            <p>{say(labels.chosenText)}</p>
            <Button
              kind="primary"
              onClick={() => {
                location.hash = '#/';
              }}
            >
              {say(labels.toSignIn)}
            </Button>
          </>
        ) : isReset ? (
          <ChoosePassword token={link.token} onDone={() => setDone(true)} />
        ) : (
          <ConfirmSignUp token={link.token} onDone={() => setDone(true)} />
        )}
      </div>
    </main>
  );
}

interface StepProps {
  readonly token: string;
  readonly onDone: () => void;
}

function ChoosePassword({ token, onDone }: StepProps): JSX.Element {
  const [password, setPassword] = useState('');
  const [repeated, setRepeated] = useState('');
  const { busy, trouble, submit } = useSubmit<Problem | 'short' | 'differs'>(async () => {
    if (!isPassword(password)) return 'short';
    if (password !== repeated) return 'differs';
    const answer = await tell('POST', '/password-resets/redeem', { body: { token, password } });
    if (!answer.ok) return answer.error;
    onDone();
    return undefined;
  });
  return (
    <form class="sign-in-form" onSubmit={submit}>
      <p class="muted">{say(labels.chooseText)}</p>
      <ProblemBanner problem={typeof trouble === 'string' ? undefined : trouble} />
      <TextField
        label={say(labels.wanted)}
        hint={say(labels.wantedHint)}
        error={trouble === 'short' ? say(labels.tooShort) : undefined}
        type="password"
        autocomplete="new-password"
        value={password}
        onValue={setPassword}
      />
      <TextField
        label={say(labels.repeated)}
        error={trouble === 'differs' ? say(labels.differs) : undefined}
        type="password"
        autocomplete="new-password"
        value={repeated}
        onValue={setRepeated}
      />
      <Button kind="primary" type="submit" busy={busy}>
        {say(labels.choose)}
      </Button>
    </form>
  );
}

function ConfirmSignUp({ token, onDone }: StepProps): JSX.Element {
  const { busy, trouble, submit } = useSubmit<Problem>(async () => {
    const answer = await tell('POST', '/sign-up/confirm', { body: { token } });
    if (!answer.ok) return answer.error;
    onDone();
    return undefined;
  });
  return (
    <>
      <p class="muted">{say(labels.confirmText)}</p>
      <ProblemBanner problem={trouble} />
      <Button kind="primary" busy={busy} onClick={submit}>
        {say(labels.confirm)}
      </Button>
    </>
  );
}

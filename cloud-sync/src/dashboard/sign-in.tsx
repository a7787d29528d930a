// Signing in: by e-mail and password, by the token of the first start, or at the organisation's own provider. It fills the page at first,
// and lies over it when a session has ended, so that nothing of what somebody typed is lost.
import type { StaffTexts } from '@postern/shared';
import { Banner, Button, Dialog, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { say } from './language.ts';
import { hasProvider, me, readMe, signIn, type SignInTrouble } from './session.ts';

const texts = {
  signIn: { en: 'Sign in', de: 'Anmelden' },
  email: { en: 'E-mail', de: 'E-Mail' },
  password: { en: 'Password', de: 'Passwort' },
  token: { en: 'Token', de: 'Token' },
  tokenHint: {
    en: 'The first start of cloud-sync has printed it. Lost? Run “cloud-sync token”.',
    de: 'Der erste Start von cloud-sync hat es ausgegeben. Verloren? „cloud-sync token“ aufrufen.',
  },
  byToken: { en: 'Use a token instead', de: 'Stattdessen ein Token benutzen' },
  byPassword: { en: 'Use e-mail and password instead', de: 'Stattdessen E-Mail und Passwort benutzen' },
  provider: { en: 'Sign in with your organisation', de: 'Mit Ihrer Organisation anmelden' },
  expired: { en: 'Please sign in again', de: 'Bitte noch einmal anmelden' },
  expiredHint: {
    en: 'Your session has ended. What you typed is still there; what you asked for is done once you have signed in.',
    de: 'Ihre Sitzung ist zu Ende. Was Sie eingegeben haben, ist noch da; was Sie wollten, geschieht nach der Anmeldung.',
  },
} as const satisfies Record<string, StaffTexts>;

const troubles: Readonly<Record<'token' | 'password', Readonly<Record<SignInTrouble, StaffTexts>>>> = {
  token: {
    wrong: { en: 'This token is not known here.', de: 'Dieses Token ist hier nicht bekannt.' },
    'too-often': { en: 'Too many attempts. Wait a minute.', de: 'Zu viele Versuche. Bitte eine Minute warten.' },
    unreachable: {
      en: 'The cloud does not answer. Try again.',
      de: 'Die Cloud antwortet nicht. Noch einmal versuchen.',
    },
  },
  password: {
    wrong: { en: 'E-mail or password is wrong.', de: 'E-Mail oder Passwort ist falsch.' },
    'too-often': { en: 'Too many attempts. Wait a minute.', de: 'Zu viele Versuche. Bitte eine Minute warten.' },
    unreachable: {
      en: 'The cloud does not answer. Try again.',
      de: 'Die Cloud antwortet nicht. Noch einmal versuchen.',
    },
  },
};

export const SignInPage = (): JSX.Element => (
  <main class="sign-in-page">
    <div class="panel sign-in">
      <h1>Postern</h1>
      <SignInForm />
    </div>
  </main>
);

export function SignInOver(): JSX.Element {
  useEffect(() => {
    // Somebody may have signed in in another window, as at a provider.
    const look = (): void => {
      if (document.visibilityState === 'visible') void readMe();
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  return (
    <Dialog open title={say(texts.expired)}>
      <p class="muted">{say(texts.expiredHint)}</p>
      <SignInForm isOverPage />
    </Dialog>
  );
}

function SignInForm({ isOverPage = false }: { readonly isOverPage?: boolean }): JSX.Element {
  const [by, setBy] = useState<'token' | 'password'>(me.value?.email === undefined && me.value ? 'token' : 'password');
  const [email, setEmail] = useState(me.value?.email ?? '');
  const [secret, setSecret] = useState('');
  const { busy, trouble, setTrouble, submit } = useSubmit<SignInTrouble>(async () => {
    setTrouble(undefined);
    return signIn(by === 'token' ? { token: secret } : { email, password: secret });
  });
  return (
    <form class="sign-in-form" onSubmit={submit}>
      {trouble !== undefined && (
        <Banner tone="bad" role="alert">
          {say(troubles[by][trouble])}
        </Banner>
      )}
      {by === 'password' && (
        <TextField
          label={say(texts.email)}
          type="email"
          autocomplete="username"
          required
          value={email}
          onValue={setEmail}
        />
      )}
      <TextField
        key={by}
        label={say(by === 'token' ? texts.token : texts.password)}
        hint={by === 'token' ? say(texts.tokenHint) : undefined}
        type="password"
        autocomplete={by === 'token' ? 'off' : 'current-password'}
        required
        value={secret}
        onValue={setSecret}
      />
      <Button kind="primary" type="submit" busy={busy}>
        {say(texts.signIn)}
      </Button>
      {hasProvider.value && (
        <a class="button" href="/oidc/sign-in" {...(isOverPage ? { target: '_blank', rel: 'noopener' } : {})}>
          {say(texts.provider)}
        </a>
      )}
      <Button
        kind="quiet"
        onClick={() => {
          setBy(by === 'token' ? 'password' : 'token');
          setSecret('');
          setTrouble(undefined);
        }}
      >
        {say(by === 'token' ? texts.byPassword : texts.byToken)}
      </Button>
    </form>
  );
}

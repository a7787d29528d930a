// The page as a whole. Whatever it shows, it says that there is another way in.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { localeOf, type FaceSubject, type Texts } from '@postern/shared';
import {
  camera,
  closeCamera,
  enrolFace,
  framesTaken,
  hint,
  justEnrolled,
  saveExport,
  showIn,
  step,
  subject,
  trouble,
  withdrawFace,
} from './enrolment.ts';
import { language } from './language.ts';
import { ageText, agreedText, erasesText, hints, labels, troubleText } from './messages.ts';

/** As many as the service asks for. */
const framesWanted = [1, 2, 3];

const say = (text: Texts): string => text[language];
/** The phone's own where it is of the page's language: a British day is not written as an American one. */
const dateLocale = navigator.languages.find((tag) => tag.startsWith(language)) ?? localeOf(language);
const day = (atMs: number): string =>
  new Intl.DateTimeFormat(dateLocale, { dateStyle: 'long', timeStyle: 'short' }).format(atMs);

export function App(): JSX.Element {
  const about = subject.value;
  return (
    <main>
      <header>
        {about !== undefined && (
          <p class="event">
            <bdi>{about.event.name}</bdi>
          </p>
        )}
        <h1>{say(labels.title)}</h1>
      </header>
      {trouble.value !== undefined && (
        <p class="trouble" role="alert">
          {say(troubleText(trouble.value))}
        </p>
      )}
      <Step about={about} />
      <p class="other-way">{say(labels.otherWay)}</p>
    </main>
  );
}

function Step({ about }: { readonly about: FaceSubject | undefined }): JSX.Element | null {
  switch (step.value) {
    case 'failed':
      return null;
    case 'consent':
      return about === undefined ? null : <Consent about={about} />;
    case 'preparing':
    case 'looking':
      return <Look />;
    case 'enrolled':
      return about === undefined ? null : <Enrolled about={about} />;
    case 'ended':
      return <Ended />;
    case 'loading':
    case 'sending':
      return <p class="waiting">{say(step.value === 'loading' ? labels.preparing : labels.sending)}</p>;
  }
}

function Consent({ about }: { readonly about: FaceSubject }): JSX.Element {
  const texts = about.consent?.texts ?? {};
  const languages = Object.keys(texts);
  const [chosen, choose] = useState(languages.find((tag) => tag.startsWith(language)) ?? languages[0] ?? '');
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        void enrolFace(chosen);
      }}
    >
      <p>{say(labels.picture)}</p>
      {languages.length > 1 && (
        <label class="language">
          {say(labels.language)}
          <select value={chosen} onChange={(change) => choose(change.currentTarget.value)}>
            {languages.map((tag) => (
              <option key={tag} value={tag}>
                {new Intl.DisplayNames(tag, { type: 'language' }).of(tag)}
              </option>
            ))}
          </select>
        </label>
      )}
      <blockquote lang={chosen} dir="auto">
        {texts[chosen]}
      </blockquote>
      <label class="tick">
        <input type="checkbox" name="agree" required />
        <span>{say(labels.agree)}</span>
      </label>
      <label class="tick">
        <input type="checkbox" name="age" required />
        <span>{say(ageText(about.ageMin ?? 0))}</span>
      </label>
      <button type="submit">{say(labels.begin)}</button>
      {about.erasesAtMs !== undefined && <p class="soft">{say(erasesText(day(about.erasesAtMs)))}</p>}
    </form>
  );
}

function Look(): JSX.Element {
  const said = hint.value === undefined ? labels.look : (hints[hint.value] ?? labels.look);
  return (
    <section class="look">
      <div class="view">{camera.value !== undefined && <video ref={showIn} autoplay playsInline muted />}</div>
      <p class="hint" aria-live="polite">
        {say(step.value === 'preparing' ? labels.preparing : said)}
      </p>
      <ol class="frames" aria-label={`${framesTaken.value} / ${framesWanted.length}`}>
        {framesWanted.map((number) => (
          <li key={number} class={framesTaken.value >= number ? 'taken' : ''} />
        ))}
      </ol>
      <button type="button" class="quiet" onClick={closeCamera}>
        {say(labels.stop)}
      </button>
    </section>
  );
}

function Enrolled({ about }: { readonly about: FaceSubject }): JSX.Element {
  const [consent] = about.consents;
  return (
    <section>
      <h2>{say(labels.enrolled)}</h2>
      {justEnrolled.value && <KeepAddress />}
      {consent !== undefined && <p>{say(agreedText(consent.version, day(consent.agreedAtMs)))}</p>}
      {about.erasesAtMs !== undefined && <p>{say(erasesText(day(about.erasesAtMs)))}</p>}
      <div class="actions">
        <button type="button" class="quiet" onClick={() => void saveExport()}>
          {say(labels.save)}
        </button>
        <Withdraw />
      </div>
    </section>
  );
}

const focusOn = (element: HTMLElement | null): void => element?.focus();

/** Asks once more: what is erased cannot be brought back. */
function Withdraw(): JSX.Element {
  const [isAsking, ask] = useState(false);
  if (!isAsking)
    return (
      <button type="button" class="danger" onClick={() => ask(true)}>
        {say(labels.withdraw)}
      </button>
    );
  return (
    <div class="keep ask" role="group" aria-label={say(labels.withdraw)}>
      <p>{say(labels.withdrawAsk)}</p>
      <div class="actions">
        <button type="button" class="quiet" ref={focusOn} onClick={() => ask(false)}>
          {say(labels.leave)}
        </button>
        <button type="button" class="danger" onClick={() => void withdrawFace()}>
          {say(labels.erase)}
        </button>
      </div>
    </div>
  );
}

function KeepAddress(): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(location.href);
      setCopied(true);
    } catch {
      // Not allowed to: the browser shows the address.
    }
  };
  return (
    <div class="keep">
      <p>{say(labels.keepAddress)}</p>
      <button type="button" onClick={() => void copy()}>
        {say(isCopied ? labels.copied : labels.copy)}
      </button>
    </div>
  );
}

function Ended(): JSX.Element {
  return (
    <section>
      <h2>{say(labels.ended)}</h2>
      <p>{say(labels.endedHint)}</p>
      <button type="button" class="quiet" onClick={() => void saveExport()}>
        {say(labels.save)}
      </button>
    </section>
  );
}

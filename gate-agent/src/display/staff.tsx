// What can be pressed on the screen: visitors call staff, and staff ask why. Their text comes for some seconds only and names nobody; nothing
// here opens anything.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { clockTime, directionOf, type Language } from '@postern/shared';
import { beat, hello } from './connection.ts';
import { isCalled, lane, lastAnswer, staffLanguage, view } from './lane.ts';
import { allow, silenced } from './sounds.ts';
import { Mark } from './symbols.tsx';
import { callTexts, staffTexts } from './texts.ts';

const sheetMs = 10_000;
/** Of somebody who has gone away by then, nothing is said any more. */
const lastAnswerMsMax = 2 * 60_000;
const failureMs = 4_000;

const isOpen = signal(false);
const hasFailed = signal(false);
let closing: ReturnType<typeof setTimeout> | undefined;

function toggleSheet(): void {
  clearTimeout(closing);
  isOpen.value = !isOpen.value;
  if (isOpen.value) closing = setTimeout(() => (isOpen.value = false), sheetMs);
}

async function tell(answered: boolean): Promise<void> {
  const body = JSON.stringify({ lane: lane.value?.id, answered });
  const headers = { 'Content-Type': 'application/json' };
  const sent = await fetch('/call', { method: 'POST', headers, body }).catch(() => undefined);
  hasFailed.value = sent?.ok !== true;
  if (hasFailed.value) setTimeout(() => (hasFailed.value = false), failureMs);
}

/** A scanner that types ends with Enter: it must not press a button again that somebody has touched before. */
const pressed =
  (act: () => void) =>
  ({ currentTarget, detail }: MouseEvent): void => {
    allow();
    act();
    if (detail > 0 && currentTarget instanceof HTMLElement) currentTarget.blur();
  };

export function Footer({ language }: { readonly language: Language }): JSX.Element {
  return (
    <footer>
      {isOpen.value && <Sheet />}
      <button
        type="button"
        class="ask"
        aria-expanded={isOpen.value}
        aria-label={staffTexts.forStaff[staffLanguage.value]}
        onClick={pressed(toggleSheet)}
      >
        <Mark name="info" />
      </button>
      {hello.value?.display.callButton === true && <CallButton language={language} />}
    </footer>
  );
}

function CallButton({ language }: { readonly language: Language }): JSX.Element {
  const text = hasFailed.value ? callTexts.failed : isCalled.value ? callTexts.called : callTexts.call;
  return (
    <button
      type="button"
      class={`call ${isCalled.value ? 'called' : ''}`}
      lang={language}
      dir={directionOf(language)}
      aria-live="polite"
      onClick={pressed(() => void (isCalled.value || tell(false)))}
    >
      <Mark name="bell" />
      {text[language]}
    </button>
  );
}

/** The reason of this answer or of the last one that had any, and what is not as it should be at the gate. */
function Sheet(): JSX.Element {
  const language = staffLanguage.value;
  const now = view.value;
  const last = now !== undefined && now.staff.length > 0 ? now : lastAnswer.value;
  const nowMs = beat.value?.nowMs ?? 0;
  const isRecent = last !== undefined && (last === now || nowMs - last.atMs < lastAnswerMsMax);
  const standing = [...(now?.standing ?? []), ...(silenced.value ? [staffTexts.silenced[language]] : [])];
  // Another answer than the one that was asked about has a text of its own.
  useEffect(() => () => void (isOpen.value = false), [last?.turn]);
  return (
    <div class="sheet" lang={language} dir="ltr" role="status">
      {isRecent &&
        last.staff.map((line, index) => (
          <p class="reason" key={line}>
            {index === 0 && <time>{clockTime(last.atMs, language, beat.value?.timeZone ?? 'UTC')}</time>}
            {line}
          </p>
        ))}
      {standing.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {!isRecent && standing.length === 0 && <p>{staffTexts.nothing[language]}</p>}
      {isCalled.value && (
        <button type="button" class="here" onClick={pressed(() => void tell(true))}>
          {staffTexts.here[language]}
        </button>
      )}
    </div>
  );
}

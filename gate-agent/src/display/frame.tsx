// What stands around the answer: a thin line above with the gate's name, the time and how the gate is doing, and below what can be pressed.
import type { JSX } from 'preact';
import { directionOf } from '@postern/shared';
import { beat, hello } from './connection.ts';
import { staffLanguage } from './lane.ts';
import type { ShownView } from './messages.ts';
import { Mark } from './symbols.tsx';
import { outOfTouchText, unconfirmedTimeText } from './texts.ts';

export function Header({ lane }: { readonly lane: string | undefined }): JSX.Element {
  const time = beat.value;
  const severalLanes = (hello.value?.lanes.length ?? 0) > 1;
  return (
    <header>
      <span class="gate">
        <bdi>{hello.value?.gate.name}</bdi>
        {severalLanes && lane !== undefined && (
          <>
            {' · '}
            <bdi>{lane}</bdi>
          </>
        )}
      </span>
      {time?.noContactSinceMs !== undefined && (
        <span class="badge" data-badge="offline">
          <Mark name="offline" />
          {outOfTouchText(time.noContactSinceMs, staffLanguage.value, time.timeZone)}
        </span>
      )}
      {time?.clockTrusted === false && (
        <span class="badge" data-badge="clock">
          <Mark name="clock" />
          {unconfirmedTimeText[staffLanguage.value]}
        </span>
      )}
      <time class={time?.clockTrusted === false ? 'doubtful' : ''}>{time === undefined ? '' : timeOf(time)}</time>
    </header>
  );
}

/** Above everything, so that no gate rehearses unseen. */
export const Rehearsal = ({ texts }: { readonly texts: ShownView['rehearsal'] }): JSX.Element | null =>
  texts === undefined ? null : (
    <p class="rehearsal" role="status">
      {texts.map(({ language, text }) => (
        <span lang={language} dir={directionOf(language)} key={language}>
          {text}
        </span>
      ))}
    </p>
  );

const timeOf = ({ nowMs, timeZone }: { readonly nowMs: number; readonly timeZone: string }): string =>
  new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(nowMs));

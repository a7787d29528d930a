// Above every section of an event: that it rehearses, or one of its gates, with one press to leave; and what is wrong about that.
import type { EventResponse, RehearsalView } from '@postern/shared';
import { Banner } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { hourAndMinute } from '../format.ts';
import { say } from '../language.ts';
import { ActButton } from '../parts/acts.tsx';
import { addressOf } from '../route.ts';
import { eventText, exceptText, gatesText, labels, stillText } from './messages.ts';
import './rehearsal.css';

const everyMs = 5_000;
const gatesNamedMax = 8;

export const rehearsalPath = ({ event }: Pick<EventResponse, 'event'>): string => `/api/events/${event}/rehearsal`;

type Gates = RehearsalView['gates'];
const namesOf = (gates: readonly { readonly name: string }[]): string =>
  [
    ...gates.slice(0, gatesNamedMax).map(({ name }) => name),
    ...(gates.length > gatesNamedMax ? [`+${gates.length - gatesNamedMax}`] : []),
  ].join(', ');

export function RehearsalBanner({ event }: { readonly event: EventResponse }): JSX.Element | null {
  const { value, reload } = useAsked<RehearsalView>(rehearsalPath(event), everyMs);
  if (value === undefined) return null;
  const { event: whole, gates, alarms } = value;
  const at = (ms: number): string => hourAndMinute(ms, event.policy.timeZone);
  const untilOf = (some: Gates): string => at(Math.max(...some.map(({ untilMs }) => untilMs)));
  const alone = gates.filter(({ state, of }) => state === 'rehearses' && of === 'gate');
  const still = gates.filter(({ state }) => state === 'may-rehearse');
  const counting = gates.filter(({ state }) => state === 'left' || state === 'unheard');
  const details = <a href={addressOf({ event: event.event, section: 'rehearsal', rest: [] })}>{say(labels.details)}</a>;
  return (
    <div class="rehearsal-banners">
      {whole !== undefined && (
        <Banner
          tone="warn"
          role="status"
          action={
            <ActButton
              kind="primary"
              act={async () => {
                const ended = await ask<RehearsalView>('DELETE', rehearsalPath(event));
                await reload();
                return ended;
              }}
            >
              {say(labels.leave)}
            </ActButton>
          }
        >
          <strong>{say(eventText(at(whole.untilMs)))}</strong>{' '}
          {counting.length > 0 && <bdi>{say(exceptText(namesOf(counting)))} </bdi>}
          {details}
        </Banner>
      )}
      {alone.length > 0 && (
        <Banner tone="warn" role="status">
          <bdi>{say(gatesText(namesOf(alone), untilOf(alone)))}</bdi> {details}
        </Banner>
      )}
      {still.length > 0 && (
        <Banner tone="bad" role="alert">
          <bdi>{say(stillText(namesOf(still), untilOf(still)))}</bdi> {details}
        </Banner>
      )}
      {alarms.length > 0 && (
        <Banner tone="bad" role="alert">
          <strong>{say(labels.alarm)}</strong> <bdi>{namesOf(alarms)}</bdi> {details}
        </Banner>
      )}
    </div>
  );
}

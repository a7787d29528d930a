// Everything that is known of a ticket on one line of time: when in the venue's zone and how surely, what, where and by whom.
import type { TicketStory } from '@postern/shared';
import { Badge, Banner, Shape, shapeOfTone } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { count, dateAndTime, dateOf, timeOfDay } from '../format.ts';
import { fill, language, say } from '../language.ts';
import { uncertainty } from '../parts/marks.ts';
import { addressOf } from '../route.ts';
import { labels } from './messages.ts';
import { toLine } from './story-texts.ts';

export function Story({ story }: { readonly story: TicketStory }): JSX.Element {
  const { timeZone, steps, leftOut, completeUpToMs } = story;
  const hasProvisional = steps.some((step) => step.type === 'mark' && step.provisional);
  const days = steps.map(({ atMs }) => dateOf(atMs, timeZone));
  return (
    <>
      {hasProvisional && completeUpToMs !== undefined && (
        <Banner tone="warn">{fill(labels.completeUpTo, { time: dateAndTime(completeUpToMs, timeZone) })}</Banner>
      )}
      {leftOut > 0 && <p class="muted">{fill(labels.leftOut, { n: count(leftOut) })}</p>}
      <ol class="story">
        {steps.map((step, index) => {
          const { tone, title, details } = toLine(step, language.value, timeZone);
          const counts = step.type !== 'mark' || step.counts;
          return (
            <li key={`${step.type} ${step.atMs} ${index}`} class={counts ? `tone-${tone}` : `tone-${tone} void`}>
              {days[index] !== days[index - 1] && <p class="story-day">{days[index]}</p>}
              <div class="story-step">
                <p class="story-time">
                  <time dateTime={new Date(step.atMs).toISOString()}>{timeOfDay(step.atMs, timeZone)}</time>
                  {step.type === 'mark' && <small>{uncertainty(step.mark.uncertaintyMs)}</small>}
                </p>
                <span class="story-symbol">
                  <Shape name={step.type === 'case' ? 'pair' : shapeOfTone[tone]} />
                </span>
                <div class="story-words">
                  <p class="story-title">{title}</p>
                  {details.length > 0 && (
                    <ul>
                      {details.map((detail) => (
                        <li key={detail} dir="auto">
                          {detail}
                        </li>
                      ))}
                    </ul>
                  )}
                  {step.type === 'case' && (
                    <a href={addressOf({ event: step.case.event, section: 'cases', rest: ['case', step.case.id] })}>
                      {say(labels.toCase)}
                    </a>
                  )}
                  {step.type === 'mark' && step.mark.rehearsal === true && (
                    <Badge tone="busy">{say(labels.practised)}</Badge>
                  )}
                  {!counts && <Badge tone="plain">{say(labels.notCounted)}</Badge>}
                  {step.type === 'mark' && step.provisional && <Badge tone="warn">{say(labels.mayChange)}</Badge>}
                  {step.type === 'mark' && step.stampedAtMs !== undefined && (
                    <p class="muted">{fill(labels.clockCorrected, { time: timeOfDay(step.stampedAtMs, timeZone) })}</p>
                  )}
                </div>
              </div>
            </li>
          );
        })}
      </ol>
    </>
  );
}

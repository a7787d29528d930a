// One order that was given, and loudest of all who does not know of it yet.
import type { EventResponse, OrderView } from '@postern/shared';
import { Badge, Banner, Button, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { timeOfDay } from '../format.ts';
import { say } from '../language.ts';
import { acknowledgedText, givenText, labels, liftTexts, orderedTexts, orderTexts } from './messages.ts';
import { zoneNameOf } from './zone-name.ts';

export interface GivenOrderProps {
  readonly event: EventResponse;
  readonly given: OrderView;
  /** Absent where it is lifted, or whoever looks may not. */
  readonly onLift: (() => Promise<void>) | undefined;
}

export function GivenOrder({ event, given: view, onLift }: GivenOrderProps): JSX.Element {
  const { order, zone, state, given, lifted, acknowledged, missing } = view;
  const isInForce = state === 'in-force';
  const by = ({ operator, gateName, atMs }: OrderView['given']): string =>
    say(givenText(operator ?? '–', gateName, timeOfDay(atMs, event.policy.timeZone)));
  return (
    <article class="given-order">
      <div class="given-order-head">
        <h3>
          {isInForce ? <StatusMark tone="bad">{say(orderedTexts[order])}</StatusMark> : say(orderTexts[order])}
          <Badge tone={isInForce ? 'bad' : 'plain'}>
            <bdi>{zoneNameOf(event, zone)}</bdi>
          </Badge>
        </h3>
        {onLift !== undefined && <Button onClick={() => void onLift()}>{say(liftTexts[order])}</Button>}
      </div>
      <p class="muted">
        {by(given)}
        {lifted !== undefined && ` · ${say(labels.lifted)} ${by(lifted)}`}
      </p>
      <p>{say(acknowledgedText(acknowledged.length, acknowledged.length + missing.length))}</p>
      {missing.length > 0 ? (
        <Banner tone={isInForce ? 'bad' : 'warn'} role="status">
          <p>
            <strong>{say(labels.missing)}</strong> <bdi>{missing.map(({ name }) => name).join(', ')}</bdi>
          </p>
          <p>{say(labels.missingText)}</p>
        </Banner>
      ) : (
        <StatusMark tone="good">{say(labels.allAcknowledged)}</StatusMark>
      )}
    </article>
  );
}

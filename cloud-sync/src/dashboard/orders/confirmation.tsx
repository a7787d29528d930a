// The second press, which says what it does, for as long as the cloud waits for it.
import { orderQuestion, type EventResponse, type OrderConfirmation, type OrdersView } from '@postern/shared';
import { Confirm } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { language, say } from '../language.ts';
import { cancel } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';
import { labels, leftToConfirmText, liftTexts, orderTexts } from './messages.ts';
import { zoneNameOf } from './zone-name.ts';

/** As the cloud waits. */
const confirmSeconds = 30;

export interface ConfirmationProps {
  readonly event: EventResponse;
  readonly asked: OrderConfirmation;
  /** Done, or not wanted after all. */
  readonly onEnd: () => void;
}

export function Confirmation({ event, asked, onEnd }: ConfirmationProps): JSX.Element {
  const { order, zone, lift, gates, token } = asked;
  const [leftS, setLeftS] = useState(confirmSeconds);
  useEffect(() => {
    const timer = setInterval(() => setLeftS((before) => Math.max(0, before - 1)), 1_000);
    return () => clearInterval(timer);
  }, []);
  const zoneName = zone === '' ? undefined : zoneNameOf(event, zone);
  return (
    <Confirm
      open
      title={say((lift ? liftTexts : orderTexts)[order])}
      consequence={
        <>
          <p>
            <strong>{orderQuestion({ lift, order }, zoneName, gates.length, language.value)}</strong>
          </p>
          <p class="muted">{leftS > 0 ? say(leftToConfirmText(leftS)) : say(labels.tooLate)}</p>
        </>
      }
      act={say(labels.confirmNow)}
      cancel={say(cancel)}
      ready={leftS > 0}
      onCancel={onEnd}
      onConfirm={async () =>
        orProblem(
          await ask<OrdersView>('POST', `/api/events/${event.event}/orders/confirm`, { body: { token } }),
          onEnd,
        )
      }
    />
  );
}

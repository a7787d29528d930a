// Stop entry, evacuate: a press, a question that says what would happen, and a second press. Then who has acknowledged, and who is inside.
import {
  orders as orderKinds,
  type EventResponse,
  type Order,
  type OrderConfirmation,
  type OrdersView,
} from '@postern/shared';
import { Button, Panel, SelectField, showToast, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { ProblemBanner, problemText } from '../parts/problem.tsx';
import { rolesOf, type EventSectionProps } from '../section.tsx';
import { Confirmation } from './confirmation.tsx';
import { labels, orderTexts, whatItDoesTexts } from './messages.ts';
import { GivenOrder } from './given-order.tsx';
import { RollCall } from './roll-call.tsx';
import './orders.css';

const everyMs = 2_000;

interface Wanted {
  readonly order: Order;
  /** Empty for all zones. */
  readonly zone: string;
  readonly lift: boolean;
}

export function OrdersPage({ event, me }: EventSectionProps): JSX.Element {
  const path = `/api/events/${event.event}/orders`;
  const { value, problem, reload } = useAsked<OrdersView>(path, everyMs);
  const [asked, setAsked] = useState<OrderConfirmation>();
  const mayOrder = rolesOf(me, event.event).some((role) => role !== 'steward');
  const want = async (wanted: Wanted): Promise<void> => {
    const answer = await ask<OrderConfirmation>('POST', path, { body: wanted });
    if (answer.ok) setAsked(answer.value);
    else showToast('bad', problemText(answer.error));
  };
  const inForce = value?.orders.filter(({ state }) => state === 'in-force') ?? [];
  const lifted = value?.orders.filter(({ state }) => state === 'lifted') ?? [];
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
      </div>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      <Panel title={say(labels.inForce)}>
        {inForce.length === 0 && value !== undefined && <StatusMark tone="good">{say(labels.none)}</StatusMark>}
        {inForce.map((order) => (
          <GivenOrder
            key={`${order.order} ${order.zone}`}
            event={event}
            given={order}
            onLift={mayOrder ? () => want({ order: order.order, zone: order.zone, lift: true }) : undefined}
          />
        ))}
      </Panel>
      {mayOrder && <Give event={event} onWant={want} />}
      <RollCall event={event} />
      {lifted.length > 0 && (
        <Panel title={say(labels.lifted)}>
          {lifted.map((order) => (
            <GivenOrder key={`${order.order} ${order.zone}`} event={event} given={order} onLift={undefined} />
          ))}
        </Panel>
      )}
      {asked !== undefined && (
        <Confirmation
          key={asked.token}
          event={event}
          asked={asked}
          onEnd={() => {
            setAsked(undefined);
            void reload();
          }}
        />
      )}
    </>
  );
}

function Give({
  event,
  onWant,
}: {
  readonly event: EventResponse;
  readonly onWant: (wanted: Wanted) => Promise<void>;
}): JSX.Element {
  const [zone, setZone] = useState('');
  const [busy, setBusy] = useState(false);
  const press = async (order: Order): Promise<void> => {
    setBusy(true);
    await onWant({ order, zone, lift: false });
    setBusy(false);
  };
  return (
    <Panel title={say(labels.give)}>
      <p class="muted">{say(labels.giveText)}</p>
      <div class="give-order">
        <SelectField
          label={say(labels.zone)}
          value={zone}
          choices={[
            { value: '', label: say(labels.allZones) },
            ...event.policy.zones.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onValue={setZone}
        />
        {orderKinds.map((order) => (
          <div key={order} class="order">
            <Button kind="danger" class="order-button" busy={busy} onClick={() => void press(order)}>
              {say(orderTexts[order])}
            </Button>
            <p class="muted">{say(whatItDoesTexts[order])}</p>
          </div>
        ))}
      </div>
    </Panel>
  );
}

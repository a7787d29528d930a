// The messages of one webhook: on their way, delivered, given up; any of them sent again.
import {
  webhookDeliveryStates,
  type EventResponse,
  type Problem,
  type Result,
  type WebhookDelivery,
  type WebhookDeliveryState,
  type WebhookDeliveryPage,
  type WebhookList,
  type WebhookReplayed,
  type WebhookView,
} from '@postern/shared';
import { Banner, SelectField, showToast, StatusMark, type Column, type Tone } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked, useListOf, useRepeated } from '../asking.ts';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { ActButton } from '../parts/acts.tsx';
import { When } from '../parts/when.tsx';
import { addressOf } from '../route.ts';
import { PagedTable } from '../parts/paged-table.tsx';
import { deliveryTexts, labels, offText, replayedText } from './messages.ts';

const everyMs = 3_000;
const tones: Readonly<Record<WebhookDeliveryState, Tone>> = { waiting: 'busy', delivered: 'good', dead: 'bad' };

export function Deliveries({ event, id }: { readonly event: EventResponse; readonly id: string }): JSX.Element {
  const webhooks = `/api/events/${event.event}/webhooks`;
  const path = `${webhooks}/${id}`;
  const [state, setState] = useState<WebhookDeliveryState | ''>('');
  const { value, reload } = useAsked<WebhookList>(webhooks, everyMs);
  const pages = useListOf(`${path}/deliveries`, { state }, ({ deliveries }: WebhookDeliveryPage) => deliveries);
  useRepeated(pages.isFirstPage ? everyMs : undefined, pages.reload);
  const webhook = value?.webhooks.find((one) => one.id === id);
  const replay = async (of: string): Promise<Result<unknown, Problem>> => {
    const answer = await ask<WebhookReplayed>('POST', `${path}${of}/replay`);
    if (answer.ok) showToast('good', say(replayedText(answer.value.replayed)));
    await pages.reload();
    return answer;
  };
  const switchOn = async (): Promise<Result<unknown, Problem>> => {
    const answer = await ask<WebhookView>('PATCH', path, { body: { enabled: true } });
    await reload();
    return answer;
  };
  return (
    <>
      <div class="page-head">
        <h1>{webhook?.url ?? say(labels.deliveries)}</h1>
        <a href={addressOf({ event: event.event, section: 'webhooks' })}>{say(labels.back)}</a>
      </div>
      {webhook?.enabled === false && (
        <Banner tone="warn" action={<ActButton act={switchOn}>{say(labels.switchOn)}</ActButton>}>
          <strong>{say(offText(webhook.disabledBecause))}</strong> {say(labels.offWaits)}
        </Banner>
      )}
      <div class="filters">
        <SelectField
          label={say(labels.state)}
          value={state}
          choices={[
            { value: '', label: say(labels.any) },
            ...webhookDeliveryStates.map((value) => ({ value, label: say(deliveryTexts[value]) })),
          ]}
          onValue={setState}
        />
      </div>
      <div class="acts">
        <ActButton act={() => replay('')}>{say(labels.replayAll)}</ActButton>
      </div>
      <PagedTable
        pages={pages}
        caption={say(labels.deliveries)}
        columns={columnsOf(event, (message) => replay(`/deliveries/${message}`))}
        rowKey={({ message }) => message}
        empty={say(labels.noDeliveries)}
      />
    </>
  );
}

function columnsOf(
  { policy: { timeZone } }: EventResponse,
  replay: (message: string) => Promise<Result<unknown, Problem>>,
): readonly Column<WebhookDelivery>[] {
  const when = (atMs: number | undefined): JSX.Element => <When atMs={atMs} timeZone={timeZone} />;
  return [
    { title: say(labels.message), heads: true, cell: ({ message }) => <small class="code-text">{message}</small> },
    { title: say(labels.type), cell: ({ type }) => type },
    {
      title: say(labels.state),
      cell: ({ state }) => <StatusMark tone={tones[state]}>{say(deliveryTexts[state])}</StatusMark>,
    },
    { title: say(labels.attempts), number: true, cell: ({ attempts }) => attempts },
    {
      title: say(labels.answer),
      cell: ({ lastStatus, lastFailure }) => [lastStatus, lastFailure].filter(Boolean).join(' ') || '–',
    },
    { title: say(labels.made), cell: ({ createdAtMs }) => when(createdAtMs) },
    { title: say(labels.next), cell: ({ nextAtMs, state }) => when(state === 'waiting' ? nextAtMs : undefined) },
    {
      title: say(labels.act),
      cell: ({ message, state }) =>
        state !== 'waiting' && (
          <ActButton kind="quiet" about={message} act={() => replay(message)}>
            {say(labels.again)}
          </ActButton>
        ),
    },
  ];
}

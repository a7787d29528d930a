// The webhooks of an event, how they fare, and making, testing, switching and removing one.
import {
  webhookTypes,
  type EventResponse,
  type Problem,
  type Result,
  type WebhookCreated,
  type WebhookType,
  type WebhookView,
  type WebhookList as WebhookListAnswer,
} from '@postern/shared';
import { Button, CheckField, Dialog, showToast, StatusMark, Table, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { count, dateAndTime } from '../format.ts';
import { say } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { FormDialog } from '../parts/form.tsx';
import { orProblem, ProblemBanner, problemText, otherProblem, wrongFields, unfit } from '../parts/problem.tsx';
import { ShownOnce } from '../parts/secret.tsx';
import { addressOf } from '../route.ts';
import type { EventSectionProps } from '../section.tsx';
import { Deliveries } from './deliveries.tsx';
import { failingText, labels, offConsequence, offText, offTitle, removeText, removeTitle } from './messages.ts';

const everyMs = 5_000;

export function Webhooks({ event, rest }: EventSectionProps): JSX.Element {
  const [shown] = rest;
  return shown === undefined ? <WebhookList event={event} /> : <Deliveries key={shown} event={event} id={shown} />;
}

function WebhookList({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/api/events/${event.event}/webhooks`;
  const { value, problem, reload } = useAsked<WebhookListAnswer>(path, everyMs);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<WebhookCreated>();
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
        <Button kind="primary" onClick={() => setAdding(true)}>
          {say(labels.add)}
        </Button>
      </div>
      <p class="muted">{say(labels.text)}</p>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined && (
        <Table
          caption={say(labels.title)}
          captionUnseen
          columns={[
            {
              title: say(labels.url),
              heads: true,
              cell: ({ id, url }) => (
                <a href={addressOf({ event: event.event, section: 'webhooks', rest: [id] })}>{url}</a>
              ),
            },
            { title: say(labels.state), cell: (webhook) => <State webhook={webhook} event={event} /> },
            { title: say(labels.types), cell: ({ types }) => <small>{types.join(', ')}</small> },
            { title: say(labels.waiting), number: true, cell: ({ waiting }) => count(waiting) },
            { title: say(labels.dead), number: true, cell: ({ dead }) => count(dead) },
            {
              title: say(labels.act),
              cell: (webhook) => <Acts path={`${path}/${webhook.id}`} webhook={webhook} onChanged={reload} />,
            },
          ]}
          rows={value.webhooks}
          rowKey={({ id }) => id}
          empty={say(labels.none)}
        />
      )}
      {adding && (
        <AddWebhook
          path={path}
          onClose={() => setAdding(false)}
          onMade={(webhook) => {
            setAdding(false);
            setMade(webhook);
            void reload();
          }}
        />
      )}
      {made !== undefined && (
        <Dialog
          open
          title={made.url}
          actions={
            <Button kind="primary" onClick={() => setMade(undefined)}>
              {say(labels.done)}
            </Button>
          }
        >
          <ShownOnce label={say(labels.secret)} text={made.secret} />
        </Dialog>
      )}
    </>
  );
}

function State({ webhook, event }: { readonly webhook: WebhookView; readonly event: EventResponse }): JSX.Element {
  const { enabled, disabledBecause, failingSinceMs, dead } = webhook;
  if (!enabled) return <StatusMark tone="warn">{say(offText(disabledBecause))}</StatusMark>;
  if (failingSinceMs !== undefined)
    return <StatusMark tone="bad">{say(failingText(dateAndTime(failingSinceMs, event.policy.timeZone)))}</StatusMark>;
  return <StatusMark tone={dead > 0 ? 'warn' : 'good'}>{say(labels.on)}</StatusMark>;
}

function Acts({
  path,
  webhook: { url, enabled, waiting, dead },
  onChanged,
}: {
  readonly path: string;
  readonly webhook: WebhookView;
  readonly onChanged: () => Promise<void>;
}): JSX.Element {
  const test = async (): Promise<Result<unknown, Problem>> => {
    const answer = await tell('POST', `${path}/test`);
    if (answer.ok) showToast('good', say(labels.tested));
    await onChanged();
    return answer;
  };
  const toggle = async (): Promise<Result<unknown, Problem>> => {
    const answer = await ask<WebhookView>('PATCH', path, { body: { enabled: !enabled } });
    await onChanged();
    return answer;
  };
  return (
    <div class="acts">
      <ActButton kind="quiet" about={url} act={test}>
        {say(labels.test)}
      </ActButton>
      {enabled ? (
        <AskingButton
          kind="quiet"
          label={say(labels.switchOff)}
          about={url}
          title={say(offTitle)}
          consequence={say(offConsequence(url))}
          act={say(labels.switchOff)}
          onConfirm={async () => {
            const answer = await toggle();
            return answer.ok ? undefined : problemText(answer.error);
          }}
        />
      ) : (
        <ActButton kind="quiet" about={url} act={toggle}>
          {say(labels.switchOn)}
        </ActButton>
      )}
      <AskingButton
        kind="quiet"
        label={say(labels.remove)}
        about={url}
        title={say(removeTitle)}
        consequence={say(removeText(url, waiting, dead))}
        act={say(labels.remove)}
        onConfirm={async () => orProblem(await tell('DELETE', path), () => void onChanged())}
      />
    </div>
  );
}

function AddWebhook({
  path,
  onMade,
  onClose,
}: {
  readonly path: string;
  readonly onMade: (webhook: WebhookCreated) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [url, setUrl] = useState('https://');
  const [types, setTypes] = useState<ReadonlySet<WebhookType>>(new Set());
  const sending = useSubmit<Problem>(async () => {
    const body = { url: url.trim(), types: webhookTypes.filter((one) => types.has(one)) };
    const isWeb = /^https?:\/\/[^/@\s]+/.test(body.url);
    const fields = [...(isWeb ? [] : ['url']), ...(body.types.length === 0 ? ['types'] : [])];
    if (fields.length > 0) return unfit(fields);
    const answer = await ask<WebhookCreated>('POST', path, { body });
    if (!answer.ok) return answer.error;
    onMade(answer.value);
    return undefined;
  });
  const wrong = wrongFields(sending.trouble);
  return (
    <FormDialog wide title={say(labels.add)} sending={sending} act={say(labels.add)} onClose={onClose}>
      <TextField
        label={say(labels.url)}
        hint={say(labels.urlHint)}
        error={wrong.has('url') ? say(labels.urlWrong) : otherProblem(sending.trouble)}
        type="url"
        maxLength={2_000}
        value={url}
        onValue={setUrl}
      />
      <fieldset>
        <legend>{say(labels.types)}</legend>
        {wrong.has('types') && (
          <p class="wrong" role="alert">
            {say(labels.typesMissing)}
          </p>
        )}
        <div class="checks">
          {webhookTypes.map((type) => (
            <CheckField
              key={type}
              label={type}
              checked={types.has(type)}
              onValue={(checked) =>
                setTypes(new Set(webhookTypes.filter((one) => (one === type ? checked : types.has(one)))))
              }
            />
          ))}
        </div>
      </fieldset>
    </FormDialog>
  );
}

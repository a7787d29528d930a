// Programs that may ask the cloud: API keys and OAuth 2 clients, what they may and where. Their secrets are shown once.
import type { ApiKeyView, ClientView, ApiKeyCreated, ApiKeyList, ClientCreated, ClientList } from '@postern/shared';
import { Button, Dialog, Panel, StatusMark, Table, type Column } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { events } from '../events.ts';
import { dateOf } from '../format.ts';
import { say, type StaffTexts } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem, ProblemBanner, problemText } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { CopyText, ShownOnce } from '../parts/secret.tsx';
import { browserZone } from '../parts/browser-zone.ts';
import { labels, revokeClientText, revokeClientTitle, revokeKeyText, revokeKeyTitle } from './messages.ts';
import { NewProgram, type ProgramRequest } from './new-program.tsx';

interface Shown {
  readonly title: string;
  readonly id?: string;
  readonly secret: string;
}

export function Programs(): JSX.Element {
  const keys = useAsked<ApiKeyList>('/admin/api-keys');
  const clients = useAsked<ClientList>('/admin/clients');
  const [making, setMaking] = useState<'key' | 'client'>();
  const [shown, setShown] = useState<Shown>();
  const make = async (request: ProgramRequest): Promise<string | undefined> => {
    const { expiresAtMs, ...grant } = request;
    const answer =
      making === 'key'
        ? await ask<ApiKeyCreated>('POST', '/admin/api-keys', {
            body: { ...grant, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) },
          })
        : await ask<ClientCreated>('POST', '/admin/clients', { body: grant });
    if (!answer.ok) return problemText(answer.error);
    const { name, id } = answer.value;
    setShown(
      'key' in answer.value
        ? { title: name, secret: answer.value.key }
        : { title: name, id, secret: answer.value.secret },
    );
    setMaking(undefined);
    await Promise.all([keys.reload(), clients.reload()]);
    return undefined;
  };
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.programs)}</h1>
      </div>
      <Panel
        title={say(labels.apiKeys)}
        actions={
          <Button kind="primary" onClick={() => setMaking('key')}>
            {say(labels.newKey)}
          </Button>
        }
      >
        <p class="muted">{say(labels.apiKeysText)}</p>
        <ProblemBanner problem={keys.problem} onAgain={() => void keys.reload()} />
        {keys.value !== undefined && (
          <Table
            caption={say(labels.apiKeys)}
            captionUnseen
            columns={[
              ...grantColumns<ApiKeyView>(),
              {
                title: say(labels.lastUsed),
                cell: ({ lastUsedAtMs }) =>
                  lastUsedAtMs === undefined ? (
                    say(labels.never)
                  ) : (
                    <When atMs={lastUsedAtMs} timeZone={browserZone()} />
                  ),
              },
              {
                title: say(labels.expires),
                cell: ({ expiresAtMs }) =>
                  expiresAtMs === undefined ? say(labels.never) : dateOf(expiresAtMs, browserZone()),
              },
              revokeColumn('/admin/api-keys', revokeKeyTitle, revokeKeyText, keys.reload),
            ]}
            rows={keys.value.apiKeys}
            rowKey={({ id }) => id}
            empty={say(labels.noKeys)}
          />
        )}
      </Panel>
      <Panel
        title={say(labels.clients)}
        actions={
          <Button kind="primary" onClick={() => setMaking('client')}>
            {say(labels.newClient)}
          </Button>
        }
      >
        <p class="muted">{say(labels.clientsText)}</p>
        <ProblemBanner problem={clients.problem} onAgain={() => void clients.reload()} />
        {clients.value !== undefined && (
          <Table
            caption={say(labels.clients)}
            captionUnseen
            columns={[
              ...grantColumns<ClientView>(),
              { title: say(labels.clientId), cell: ({ id }) => <code>{id}</code> },
              revokeColumn('/admin/clients', revokeClientTitle, revokeClientText, clients.reload),
            ]}
            rows={clients.value.clients}
            rowKey={({ id }) => id}
            empty={say(labels.noKeys)}
          />
        )}
      </Panel>
      {making !== undefined && <NewProgram kind={making} onMake={make} onClose={() => setMaking(undefined)} />}
      {shown !== undefined && (
        <Dialog
          open
          title={shown.title}
          actions={
            <Button kind="primary" onClick={() => setShown(undefined)}>
              {say(labels.done)}
            </Button>
          }
        >
          {shown.id !== undefined && <CopyText label={say(labels.clientId)} text={shown.id} />}
          <ShownOnce label={say(shown.id === undefined ? labels.key : labels.clientSecret)} text={shown.secret} />
        </Dialog>
      )}
    </>
  );
}

type Grant = Pick<ClientView, 'id' | 'name' | 'scopes' | 'events' | 'createdAtMs' | 'revokedAtMs'>;

const nameOfEvent = (event: number): string =>
  events.value?.find((one) => one.event === event)?.policy.name ?? String(event);

const grantColumns = <Row extends Grant>(): readonly Column<Row>[] => [
  { title: say(labels.name), heads: true, cell: ({ name }) => <bdi>{name}</bdi> },
  {
    title: say(labels.may),
    cell: ({ scopes }) => (
      <span class="scopes">
        {scopes.map((scope) => (
          <code key={scope}>{scope}</code>
        ))}
      </span>
    ),
  },
  {
    title: say(labels.events),
    cell: ({ events: at }) => (at === undefined ? say(labels.allEvents) : <bdi>{at.map(nameOfEvent).join(', ')}</bdi>),
  },
  { title: say(labels.since), cell: ({ createdAtMs }) => dateOf(createdAtMs, browserZone()) },
];

const revokeColumn = <Row extends Grant>(
  path: string,
  titleOf: (name: string) => StaffTexts,
  consequence: StaffTexts,
  reload: () => Promise<void>,
): Column<Row> => ({
  title: say(labels.state),
  cell: ({ id, name, revokedAtMs }) =>
    revokedAtMs === undefined ? (
      <AskingButton
        kind="quiet"
        label={say(labels.revoke)}
        about={name}
        title={say(titleOf(name))}
        consequence={say(consequence)}
        act={say(labels.revoke)}
        onConfirm={async () => orProblem(await tell('DELETE', `${path}/${id}`), () => void reload())}
      />
    ) : (
      <StatusMark tone="plain">
        {say(labels.revoked)} {dateOf(revokedAtMs, browserZone())}
      </StatusMark>
    ),
});

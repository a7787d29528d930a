// One's own account: what one is called, the password, and where one is signed in.
import { isPassword, personNameCharsMax, type ProfileChange, type UserView, type SessionList } from '@postern/shared';
import { Badge, Button, Panel, SelectField, showToast, Table, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { dateAndTime } from '../format.ts';
import { languageChoices, say, type StaffTexts } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { browserZone } from '../parts/browser-zone.ts';
import { ProblemBanner, problemText, orProblem } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { CopyText } from '../parts/secret.tsx';
import type { SectionProps } from '../section.tsx';
import { me as signedIn } from '../session.ts';
import { deviceName } from './device.ts';
import { endOthersText, endOthersTitle, labels } from './messages.ts';

export const Account = ({ me }: SectionProps): JSX.Element => (
  <>
    <div class="page-head">
      <h1>{say(labels.title)}</h1>
    </div>
    <Profile me={me} />
    {me.email !== undefined && <Password />}
    <Sessions />
  </>
);

/** Why it was not done. */
async function change(what: ProfileChange, done: StaffTexts): Promise<string | undefined> {
  const answer = await ask<UserView>('PATCH', '/me', { body: what });
  return orProblem(answer, (user) => {
    signedIn.value = user;
    showToast('good', say(done));
  });
}

function Profile({ me }: { readonly me: UserView }): JSX.Element {
  const [name, setName] = useState(me.name);
  const [language, setLanguage] = useState<'en' | 'de'>(me.language?.startsWith('de') === true ? 'de' : 'en');
  const { busy, trouble, submit } = useSubmit<string>(async () => {
    const isName = name.trim() !== '' && name.length <= personNameCharsMax;
    return isName ? change({ name, language }, labels.saved) : say(labels.nameWrong);
  });
  return (
    <Panel title={say(labels.profile)}>
      <form class="form" onSubmit={submit}>
        <div class="form-row">
          <TextField
            label={say(labels.name)}
            error={trouble}
            autocomplete="name"
            maxLength={100}
            value={name}
            onValue={setName}
          />
          <SelectField label={say(labels.language)} value={language} choices={languageChoices} onValue={setLanguage} />
        </div>
        <div>
          <CopyText label={say(labels.accountId)} text={me.id} />
          <p class="muted">{say(labels.accountIdText)}</p>
        </div>
        <div class="actions-row">
          <Button kind="primary" type="submit" busy={busy}>
            {say(labels.save)}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function Password(): JSX.Element {
  const [present, setPresent] = useState('');
  const [wanted, setWanted] = useState('');
  const { busy, trouble, submit } = useSubmit<Partial<Record<'present' | 'wanted', string>>>(async () => {
    if (!isPassword(wanted)) return { wanted: say(labels.tooShort) };
    const problem = await change({ password: { present, wanted } }, labels.changed);
    if (problem !== undefined) return { present: problem };
    setPresent('');
    setWanted('');
    return undefined;
  });
  return (
    <Panel title={say(labels.password)}>
      <form class="form" onSubmit={submit}>
        <div class="form-row">
          <TextField
            label={say(labels.present)}
            error={trouble?.present}
            type="password"
            autocomplete="current-password"
            required
            value={present}
            onValue={setPresent}
          />
          <TextField
            label={say(labels.wanted)}
            hint={say(labels.wantedHint)}
            error={trouble?.wanted}
            type="password"
            autocomplete="new-password"
            required
            value={wanted}
            onValue={setWanted}
          />
        </div>
        <div class="actions-row">
          <Button kind="primary" type="submit" busy={busy}>
            {say(labels.change)}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function Sessions(): JSX.Element {
  const { value, problem, reload } = useAsked<SessionList>('/me/sessions');
  const others = value?.sessions.filter(({ current }) => !current).length ?? 0;
  const end = async (session: string): ReturnType<typeof tell> => {
    const answer = await tell('DELETE', `/me/sessions/${session}`);
    if (answer.ok) showToast('good', say(labels.ended));
    await reload();
    return answer;
  };
  return (
    <Panel
      title={say(labels.sessions)}
      actions={
        others > 0 && (
          <AskingButton
            label={say(labels.endOthers)}
            title={say(endOthersTitle)}
            consequence={say(endOthersText(others))}
            act={say(labels.endOthers)}
            onConfirm={async () => {
              const answer = await tell('DELETE', '/me/sessions');
              await reload();
              return answer.ok ? undefined : problemText(answer.error);
            }}
          />
        )
      }
    >
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined && (
        <Table
          caption={say(labels.sessions)}
          captionUnseen
          columns={[
            {
              title: say(labels.device),
              heads: true,
              cell: ({ device, current }) => (
                <>
                  <bdi title={device}>{deviceName(device)}</bdi>{' '}
                  {current && <Badge tone="good">{say(labels.thisOne)}</Badge>}
                </>
              ),
            },
            {
              title: say(labels.since),
              cell: ({ createdAtMs }) => <When atMs={createdAtMs} timeZone={browserZone()} />,
            },
            {
              title: say(labels.lastUsed),
              cell: ({ lastUsedAtMs }) => <When atMs={lastUsedAtMs} timeZone={browserZone()} />,
            },
            {
              title: say(labels.end),
              cell: ({ id, current, device, createdAtMs }) =>
                !current && (
                  <ActButton
                    kind="quiet"
                    about={`${deviceName(device)}, ${dateAndTime(createdAtMs, browserZone())}`}
                    act={() => end(id)}
                  >
                    {say(labels.end)}
                  </ActButton>
                ),
            },
          ]}
          rows={value.sessions}
          rowKey={({ id }) => id}
          empty={say(labels.noSessions)}
        />
      )}
    </Panel>
  );
}

// Everybody with an account: found, added, changed, disabled, made an administrator, given a link for a password.
import {
  emailPattern,
  type ResetLink,
  type UserChange,
  type UserView,
  type Problem,
  type UserCreated,
  type UserList,
} from '@postern/shared';
import {
  Badge,
  Button,
  CheckField,
  SelectField,
  showToast,
  StatusMark,
  TextField,
  useSubmit,
} from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useListOf, usePaused } from '../asking.ts';
import { ask } from '../cloud.ts';
import { events } from '../events.ts';
import { languageChoices, say, type StaffTexts } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { FormDialog } from '../parts/form.tsx';
import { orProblem, otherProblem, wrongFields, unfit } from '../parts/problem.tsx';
import { PagedTable } from '../parts/paged-table.tsx';
import {
  demoteText,
  demoteTitle,
  disableText,
  disableTitle,
  labels,
  promoteText,
  promoteTitle,
  roleAtText,
  roleTexts,
} from './messages.ts';
import { ResetLinkButton, ResetLinkDialog } from './reset-link.tsx';

export function Users(): JSX.Element {
  const [email, setEmail] = useState('');
  const asked = usePaused(email).trim();
  const pages = useListOf(
    '/admin/users',
    { email: emailPattern.test(asked) ? asked : '' },
    ({ users }: UserList) => users,
  );
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<{ readonly user: UserView; readonly link: ResetLink }>();
  const change = async (user: UserView, what: UserChange): ReturnType<typeof ask<UserView>> => {
    const answer = await ask<UserView>('PATCH', `/admin/users/${user.id}`, { body: what });
    if (answer.ok) pages.replace(answer.value, ({ id }) => id === user.id);
    return answer;
  };
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.users)}</h1>
        <Button kind="primary" onClick={() => setAdding(true)}>
          {say(labels.addUser)}
        </Button>
      </div>
      <p class="muted">{say(labels.signUp)}</p>
      <div class="filters">
        <TextField
          label={say(labels.findUser)}
          hint={say(labels.findUserHint)}
          type="search"
          value={email}
          onValue={setEmail}
        />
      </div>
      <PagedTable
        pages={pages}
        caption={say(labels.users)}
        captionUnseen
        columns={[
          {
            title: say(labels.name),
            heads: true,
            cell: ({ name, email: address }) => (
              <>
                <bdi>{name}</bdi>
                <br />
                <small>{address ?? '–'}</small>
              </>
            ),
          },
          { title: say(labels.account), cell: ({ id }) => <code>{id}</code> },
          { title: say(labels.roles), cell: (user) => <Roles user={user} /> },
          {
            title: say(labels.state),
            cell: ({ disabled }) => (
              <StatusMark tone={disabled ? 'warn' : 'good'}>
                {say(disabled ? labels.disabled : labels.active)}
              </StatusMark>
            ),
          },
          { title: say(labels.act), cell: (user) => <UserActs user={user} change={change} /> },
        ]}
        rowKey={({ id }) => id}
        empty={say(labels.noUsers)}
      />
      {adding && (
        <AddUser
          onClose={() => setAdding(false)}
          onMade={(user, link) => {
            setAdding(false);
            setMade({ user, link });
            void pages.reload();
          }}
        />
      )}
      {made !== undefined && (
        <ResetLinkDialog link={made.link} name={made.user.name} onClose={() => setMade(undefined)} />
      )}
    </>
  );
}

function Roles({ user: { administrator, memberships } }: { readonly user: UserView }): JSX.Element {
  const nameOf = (event: number): string =>
    events.value?.find((one) => one.event === event)?.policy.name ?? String(event);
  if (!administrator && memberships.length === 0) return <span class="muted">{say(labels.noRoles)}</span>;
  return (
    <div class="acts">
      {administrator && <Badge tone="busy">{say(labels.administrator)}</Badge>}
      {memberships.map(({ event, role }) => (
        <Badge key={event} tone="plain">
          <bdi>{say(roleAtText(roleTexts[role], nameOf(event)))}</bdi>
        </Badge>
      ))}
    </div>
  );
}

type Change = (user: UserView, what: UserChange) => ReturnType<typeof ask<UserView>>;

function UserActs({ user, change }: { readonly user: UserView; readonly change: Change }): JSX.Element {
  const { name, administrator, disabled, memberships } = user;
  const asking = (label: StaffTexts, title: StaffTexts, consequence: StaffTexts, what: UserChange): JSX.Element => (
    <AskingButton
      kind="quiet"
      label={say(label)}
      about={name}
      title={say(title)}
      consequence={say(consequence)}
      act={say(label)}
      onConfirm={async () => orProblem(await change(user, what), () => showToast('good', say(labels.saved)))}
    />
  );
  return (
    <div class="acts">
      <ResetLinkButton path={`/admin/users/${user.id}/reset-link`} name={name} />
      {disabled ? (
        <ActButton kind="quiet" about={name} act={() => change(user, { disabled: false })}>
          {say(labels.enable)}
        </ActButton>
      ) : (
        asking(labels.disable, disableTitle(name), disableText(memberships.length), { disabled: true })
      )}
      {administrator
        ? asking(labels.demote, demoteTitle(name), demoteText(memberships.length), { administrator: false })
        : asking(labels.promote, promoteTitle(name), promoteText, { administrator: true })}
    </div>
  );
}

function AddUser({
  onMade,
  onClose,
}: {
  readonly onMade: (user: UserView, link: ResetLink) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [language, setLanguage] = useState<'' | 'en' | 'de'>('');
  const [administrator, setAdministrator] = useState(false);
  const sending = useSubmit<Problem>(async () => {
    const fields = [...(name.trim() === '' ? ['name'] : []), ...(emailPattern.test(email.trim()) ? [] : ['email'])];
    if (fields.length > 0) return unfit(fields);
    const answer = await ask<UserCreated>('POST', '/admin/users', {
      body: { name, email: email.trim(), administrator, ...(language === '' ? {} : { language }) },
    });
    if (!answer.ok) return answer.error;
    onMade(answer.value.user, answer.value.resetLink);
    return undefined;
  });
  const wrong = wrongFields(sending.trouble);
  return (
    <FormDialog title={say(labels.addUser)} sending={sending} act={say(labels.addUser)} onClose={onClose}>
      <TextField
        label={say(labels.name)}
        error={wrong.has('name') ? say(labels.nameMissing) : undefined}
        maxLength={100}
        value={name}
        onValue={setName}
      />
      <TextField
        label={say(labels.email)}
        error={wrong.has('email') ? say(labels.emailWrong) : otherProblem(sending.trouble)}
        type="email"
        value={email}
        onValue={setEmail}
      />
      <SelectField
        label={say(labels.language)}
        value={language}
        choices={[{ value: '', label: say(labels.anyLanguage) }, ...languageChoices]}
        onValue={setLanguage}
      />
      <CheckField
        label={say(labels.administrator)}
        hint={say(labels.administratorHint)}
        checked={administrator}
        onValue={setAdministrator}
      />
    </FormDialog>
  );
}

// People with an account and a role at one event. Administrators name them by e-mail, organisers by the account's id: they see no list of users.
import {
  eventRoles,
  ok,
  userIdPattern,
  type EventResponse,
  type EventRole,
  type MemberView,
  type Problem,
  type Result,
  type UserView,
  type MemberList,
  type UserList,
} from '@postern/shared';
import { Button, Panel, SelectField, showToast, Table, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { orProblem, ProblemBanner, problemText } from '../parts/problem.tsx';
import { labels, removeMemberText, removeMemberTitle, roleTexts } from './messages.ts';
import { ResetLinkButton } from './reset-link.tsx';

export function Members({ event, me }: { readonly event: EventResponse; readonly me: UserView }): JSX.Element {
  const path = `/api/events/${event.event}/members`;
  const { value, problem, reload } = useAsked<MemberList>(path);
  const give = async (user: string, role: EventRole): Promise<Result<MemberView, Problem>> => {
    const answer = await ask<MemberView>('PUT', `${path}/${user}`, { body: { role } });
    if (answer.ok) showToast('good', say(labels.saved));
    await reload();
    return answer;
  };
  const remove = (member: MemberView): JSX.Element => (
    <AskingButton
      kind="quiet"
      label={say(labels.remove)}
      about={member.name}
      title={say(removeMemberTitle(member.name))}
      consequence={say(removeMemberText(roleTexts[member.role], event.policy.name))}
      act={say(labels.remove)}
      onConfirm={async () => orProblem(await tell('DELETE', `${path}/${member.user}`), () => void reload())}
    />
  );
  return (
    <Panel title={say(labels.members)}>
      <p class="muted">{say(labels.membersText)}</p>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined && (
        <Table
          caption={say(labels.members)}
          captionUnseen
          columns={[
            { title: say(labels.name), heads: true, cell: ({ name }) => <bdi>{name}</bdi> },
            { title: say(labels.account), cell: ({ user }) => <code>{user}</code> },
            { title: say(labels.role), cell: (member) => <RoleChoice member={member} onRole={give} /> },
            {
              title: say(labels.act),
              cell: (member) => (
                <div class="acts">
                  <ResetLinkButton path={`${path}/${member.user}/reset-link`} name={member.name} />
                  {remove(member)}
                </div>
              ),
            },
          ]}
          rows={value.members}
          rowKey={({ user }) => user}
          empty={say(labels.noMembers)}
        />
      )}
      <AddMember isAdmin={me.administrator} onGive={give} />
    </Panel>
  );
}

const roleChoices = (): readonly { readonly value: EventRole; readonly label: string }[] =>
  eventRoles.map((value) => ({ value, label: say(roleTexts[value]) }));

type Give = (user: string, role: EventRole) => Promise<Result<MemberView, Problem>>;

function RoleChoice({ member, onRole }: { readonly member: MemberView; readonly onRole: Give }): JSX.Element {
  const change = async (role: EventRole): Promise<void> => {
    const answer = await onRole(member.user, role);
    if (!answer.ok) showToast('bad', problemText(answer.error));
  };
  return (
    <select
      class="input"
      aria-label={`${say(labels.role)}: ${member.name}`}
      value={member.role}
      onChange={({ currentTarget }) => {
        const role = eventRoles.find((one) => one === currentTarget.value);
        if (role !== undefined) void change(role);
      }}
    >
      {roleChoices().map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}

function AddMember({ isAdmin, onGive }: { readonly isAdmin: boolean; readonly onGive: Give }): JSX.Element {
  const [who, setWho] = useState('');
  const [role, setRole] = useState<EventRole>('steward');
  const { busy, trouble, submit } = useSubmit<string>(async () => {
    const found = await findUser(who.trim(), isAdmin);
    if (!found.ok) return problemText(found.error);
    if (found.value === undefined) return say(who.includes('@') ? labels.whoUnknown : labels.whoMalformed);
    return orProblem(await onGive(found.value, role), () => setWho(''));
  });
  return (
    <form class="form add-form" onSubmit={submit}>
      <h3>{say(labels.addMember)}</h3>
      <div class="form-row">
        <TextField
          label={say(labels.who)}
          hint={say(isAdmin ? labels.whoHintAdmin : labels.whoHint)}
          error={trouble}
          required
          value={who}
          onValue={setWho}
        />
        <SelectField label={say(labels.role)} value={role} choices={roleChoices()} onValue={setRole} />
      </div>
      <div class="actions-row">
        <Button type="submit" busy={busy}>
          {say(labels.give)}
        </Button>
      </div>
    </form>
  );
}

/** The id of an account; undefined where there is none. */
async function findUser(who: string, isAdmin: boolean): Promise<Result<string | undefined, Problem>> {
  if (!isAdmin || !who.includes('@')) return ok(userIdPattern.test(who) ? who : undefined);
  const found = await ask<UserList>('GET', `/admin/users?email=${encodeURIComponent(who)}`);
  return found.ok ? ok(found.value.users[0]?.id) : found;
}

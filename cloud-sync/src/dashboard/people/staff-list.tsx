// People who act at the gates, by card and PIN: added, given a new card, removed. A card is shown once.
import {
  pinPattern,
  type EventResponse,
  type StaffView,
  type StaffResponse,
  type StaffList as StaffListAnswer,
} from '@postern/shared';
import { Badge, Button, Dialog, Panel, SelectField, Table, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask, tell } from '../cloud.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { FormDialog } from '../parts/form.tsx';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { ShownOnce } from '../parts/secret.tsx';
import { labels, newCardText, newCardTitle, removeStaffText, removeStaffTitle, roleTexts } from './messages.ts';

export function StaffList({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/admin/events/${event.event}/staff`;
  const { value, problem, reload } = useAsked<StaffListAnswer>(path);
  const [adding, setAdding] = useState(false);
  const [card, setCard] = useState<StaffResponse>();
  const show = (made: StaffResponse): void => {
    setAdding(false);
    setCard(made);
    void reload();
  };
  const acts = ({ operator }: StaffView): JSX.Element => (
    <div class="acts">
      <AskingButton
        kind="quiet"
        label={say(labels.newCard)}
        about={operator}
        title={say(newCardTitle(operator))}
        consequence={say(newCardText)}
        act={say(labels.newCard)}
        onConfirm={async () => orProblem(await ask<StaffResponse>('POST', `${path}/${operator}/card`), show)}
      />
      <AskingButton
        kind="quiet"
        label={say(labels.remove)}
        about={operator}
        title={say(removeStaffTitle(operator))}
        consequence={say(removeStaffText)}
        act={say(labels.remove)}
        onConfirm={async () => orProblem(await tell('DELETE', `${path}/${operator}`), () => void reload())}
      />
    </div>
  );
  return (
    <Panel
      title={say(labels.staff)}
      actions={
        <Button kind="primary" onClick={() => setAdding(true)}>
          {say(labels.addStaff)}
        </Button>
      }
    >
      <p class="muted">{say(labels.staffText)}</p>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined && (
        <Table
          caption={say(labels.staff)}
          captionUnseen
          columns={[
            { title: say(labels.operator), heads: true, cell: ({ operator }) => <code>{operator}</code> },
            {
              title: say(labels.role),
              cell: ({ role }) => <Badge tone={role === 'supervisor' ? 'busy' : 'plain'}>{say(roleTexts[role])}</Badge>,
            },
            { title: say(labels.card), cell: ({ card: has }) => say(has ? labels.hasCard : labels.noCard) },
            {
              title: say(labels.since),
              cell: ({ createdAtMs }) => <When atMs={createdAtMs} timeZone={event.policy.timeZone} />,
            },
            { title: say(labels.act), cell: acts },
          ]}
          rows={value.staff}
          rowKey={({ operator }) => operator}
          empty={say(labels.noStaff)}
        />
      )}
      {adding && <AddStaff path={path} onMade={show} onClose={() => setAdding(false)} />}
      {card !== undefined && <ShownCard card={card} onClose={() => setCard(undefined)} />}
    </Panel>
  );
}

function AddStaff({
  path,
  onMade,
  onClose,
}: {
  readonly path: string;
  readonly onMade: (card: StaffResponse) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [role, setRole] = useState<StaffView['role']>('steward');
  const [pin, setPin] = useState('');
  const sending = useSubmit<string>(async () => {
    if (!pinPattern.test(pin)) return say(labels.pinWrong);
    return orProblem(await ask<StaffResponse>('POST', path, { body: { role, pin } }), onMade);
  });
  return (
    <FormDialog title={say(labels.addStaff)} sending={sending} act={say(labels.make)} onClose={onClose}>
      <SelectField
        label={say(labels.role)}
        value={role}
        choices={(['steward', 'supervisor'] as const).map((value) => ({ value, label: say(roleTexts[value]) }))}
        onValue={setRole}
      />
      <TextField
        label={say(labels.pin)}
        hint={say(labels.pinHint)}
        error={sending.trouble}
        inputMode="numeric"
        autocomplete="off"
        maxLength={12}
        value={pin}
        onValue={setPin}
      />
    </FormDialog>
  );
}

const ShownCard = ({ card, onClose }: { readonly card: StaffResponse; readonly onClose: () => void }): JSX.Element => (
  <Dialog
    open
    title={`${say(roleTexts[card.role])} ${card.operator}`}
    actions={
      <>
        <Button onClick={() => print()}>{say(labels.print)}</Button>
        <Button kind="primary" onClick={onClose}>
          {say(labels.done)}
        </Button>
      </>
    }
  >
    <img class="qr" src={`data:image/svg+xml,${encodeURIComponent(card.qrSvg)}`} alt={say(labels.cardCode)} />
    <p>{say(labels.cardText)}</p>
    <ShownOnce label={say(labels.cardCode)} text={card.code} />
  </Dialog>
);

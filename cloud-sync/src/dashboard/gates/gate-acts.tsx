// What can be done with a gate, each with what it means for the tickets and the marks: a new code, lost and found, replace, wipe, revoke.
import {
  lostReasons,
  type EventResponse,
  type EventRole,
  type GateDetail,
  type GateResponse,
  type LostGateRequest,
} from '@postern/shared';
import { Panel, SelectField, showToast, TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say, type StaffTexts } from '../language.ts';
import { ActButton, AskingButton } from '../parts/acts.tsx';
import { orProblem } from '../parts/problem.tsx';
import { ChangeGateButton } from './change-gate.tsx';
import { declareFound, declareLost, inviteGate, replaceGate, revokeGate, wipeGate } from './gates-data.ts';
import { actTexts, labels, lostReasonTexts } from './messages.ts';

export interface GateActsProps {
  readonly event: EventResponse;
  readonly gate: GateDetail;
  readonly roles: readonly (EventRole | 'admin')[];
  readonly onChanged: () => Promise<void>;
  /** A one-time code was made, for this gate or the one that takes its place. */
  readonly onInvited: (invited: GateResponse) => void;
}

export function GateActs(props: GateActsProps): JSX.Element | null {
  const { event, gate, roles, onChanged, onInvited } = props;
  const manages = roles.includes('organiser') || roles.includes('admin');
  if (!manages && !roles.includes('supervisor')) return null;
  const isRevoked = gate.revokedAtMs !== undefined;
  const done = (text: StaffTexts): void => {
    showToast('good', say(text));
    void onChanged();
  };
  const invite = (): ReturnType<typeof inviteGate> =>
    inviteGate(event.event, {
      id: gate.id,
      name: gate.name,
      zone: gate.zone,
      lanes: gate.lanes,
      ...(gate.address === undefined ? {} : { address: gate.address }),
    }).then((answer) => {
      if (answer.ok) onInvited(answer.value);
      return answer;
    });
  return (
    <Panel title={say(labels.actions)}>
      <div class="acts">
        {manages && !isRevoked && (
          <>
            <ActButton act={invite}>{say(labels.newCode)}</ActButton>
            <ChangeGateButton event={event} gate={gate} onChanged={() => done(actTexts.changeDone)} />
          </>
        )}
        {gate.lost === undefined ? (
          <LostButton {...props} done={done} />
        ) : (
          <AskingButton
            kind="plain"
            label={say(labels.found)}
            title={say(actTexts.foundTitle(gate.name))}
            consequence={say(actTexts.foundConsequence)}
            act={say(labels.found)}
            onConfirm={async () =>
              orProblem(await declareFound(event.event, gate.id), () => done(actTexts.foundDone(gate.name)))
            }
          />
        )}
        {manages && (!isRevoked || gate.replacedBy === undefined) && (
          <ReasonButton
            label={labels.replace}
            title={actTexts.replaceTitle(gate.name)}
            consequence={actTexts.replaceConsequence(gate.entries, gate.vitals?.waiting)}
            onConfirm={async (reason) =>
              orProblem(await replaceGate(event.event, gate.id, reason), (replaced) => {
                done(actTexts.replaceDone(gate.name));
                onInvited(replaced);
              })
            }
          />
        )}
        {manages && !isRevoked && (
          <ReasonButton
            label={labels.revoke}
            title={actTexts.revokeTitle(gate.name)}
            consequence={actTexts.revokeConsequence(gate.entries, gate.vitals?.waiting)}
            onConfirm={async (reason) =>
              orProblem(await revokeGate(event.event, gate.id, reason), () => done(actTexts.revokeDone(gate.name)))
            }
          />
        )}
        {manages && gate.enrolled && gate.wipe?.state !== 'done' && (
          <ReasonButton
            label={labels.wipe}
            title={actTexts.wipeTitle(gate.name)}
            consequence={actTexts.wipeConsequence(gate.vitals?.waiting)}
            onConfirm={async (reason) =>
              orProblem(await wipeGate(event.event, gate.id, reason), () => done(actTexts.wipeDone(gate.name)))
            }
          />
        )}
      </div>
    </Panel>
  );
}

/** Asks for a reason, without which it is not done. */
function ReasonButton({
  label,
  title,
  consequence,
  onConfirm,
}: {
  readonly label: StaffTexts;
  readonly title: StaffTexts;
  readonly consequence: StaffTexts;
  readonly onConfirm: (reason: string) => Promise<string | undefined>;
}): JSX.Element {
  const [reason, setReason] = useState('');
  return (
    <AskingButton
      label={say(label)}
      title={say(title)}
      consequence={say(consequence)}
      act={say(label)}
      ready={reason.trim() !== ''}
      onConfirm={() => onConfirm(reason.trim())}
    >
      <TextField
        label={say(labels.reason)}
        hint={say(labels.reasonHint)}
        maxLength={200}
        value={reason}
        onValue={setReason}
      />
    </AskingButton>
  );
}

function LostButton({ event, gate, done }: GateActsProps & { readonly done: (text: StaffTexts) => void }): JSX.Element {
  const [reason, setReason] = useState<LostGateRequest['reason']>('broken');
  const [note, setNote] = useState('');
  return (
    <AskingButton
      label={say(labels.declareLost)}
      title={say(actTexts.lostTitle(gate.name))}
      consequence={say(actTexts.lostConsequence(gate.entries, gate.vitals?.waiting))}
      act={say(labels.declareLost)}
      onConfirm={async () => {
        const request = { reason, ...(note.trim() === '' ? {} : { note: note.trim() }) };
        return orProblem(await declareLost(event.event, gate.id, request), () => done(actTexts.lostDone(gate.name)));
      }}
    >
      <SelectField
        label={say(labels.reason)}
        value={reason}
        choices={lostReasons.map((value) => ({ value, label: say(lostReasonTexts[value]) }))}
        onValue={setReason}
      />
      <TextField label={say(labels.note)} hint={say(labels.noteHint)} maxLength={500} value={note} onValue={setNote} />
    </AskingButton>
  );
}

// A new gate or handheld: what it is and where it stands, then its one-time code, then word that it has come. The first run uses it too.
import type { EventResponse, GateResponse, Problem } from '@postern/shared';
import { AreaField, Button, Panel, SelectField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';
import { cancel } from '../parts/acts.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { EnrolmentCode } from './enrolment-code.tsx';
import { inviteGate, useGates } from './gates-data.ts';
import { labels } from './messages.ts';
import { idOf, newGate, newLane, toGateRequest, type GateDraft, type GateErrors, type LaneDraft } from './new-gate.ts';

export interface EnrolGateProps {
  readonly event: EventResponse;
  /** Somebody is done here, with or without a gate. */
  readonly onDone: () => void;
  /** A gate has come. */
  readonly onEnrolled?: (gate: string) => void;
}

export function EnrolGate({ event, onDone, onEnrolled }: EnrolGateProps): JSX.Element {
  const firstZone = event.policy.zones[0]?.id ?? '';
  const [draft, setDraft] = useState<GateDraft>(newGate(firstZone));
  const [made, setMade] = useState<{ readonly invited: GateResponse; readonly draft: GateDraft }>();
  if (made === undefined)
    return (
      <NewGate
        event={event}
        draft={draft}
        onDraft={setDraft}
        onMade={(invited) => setMade({ invited, draft })}
        onCancel={onDone}
      />
    );
  return (
    <Panel title={made.draft.name.trim()}>
      <EnrolmentCode
        key={made.invited.code}
        invited={made.invited}
        name={made.draft.name.trim()}
        kind={made.draft.kind}
        onEnrolled={() => onEnrolled?.(made.invited.gate)}
        onExpired={() => setMade(undefined)}
      />
      <div class="actions-row">
        <Button
          onClick={() => {
            setDraft({ ...newGate(draft.zone), kind: draft.kind });
            setMade(undefined);
          }}
        >
          {say(labels.another)}
        </Button>
        <Button kind="primary" onClick={onDone}>
          {say(labels.done)}
        </Button>
      </div>
    </Panel>
  );
}

interface NewGateProps {
  readonly event: EventResponse;
  readonly draft: GateDraft;
  readonly onDraft: (draft: GateDraft) => void;
  readonly onMade: (invited: GateResponse) => void;
  readonly onCancel: () => void;
}

function NewGate({ event, draft, onDraft, onMade, onCancel }: NewGateProps): JSX.Element {
  const { gates } = useGates(event.event);
  const [errors, setErrors] = useState<GateErrors>({});
  const change = (part: Partial<GateDraft>): void => onDraft({ ...draft, ...part });
  const errorOf = (field: keyof GateErrors): string | undefined => {
    const error = errors[field];
    return error === undefined ? undefined : say(error);
  };
  const { busy, trouble, submit } = useSubmit<Problem>(async () => {
    // A gate that waits for its code may be given another one under its name.
    const taken = new Set(gates?.filter(({ enrolled }) => enrolled).map(({ id }) => id));
    const request = toGateRequest(draft, taken);
    setErrors(request.ok ? {} : request.errors);
    if (!request.ok) return undefined;
    const answer = await inviteGate(event.event, request.request);
    if (!answer.ok) return answer.error;
    onMade(answer.value);
    return undefined;
  });
  return (
    <Panel title={say(labels.newTitle)}>
      <form class="form" noValidate onSubmit={submit}>
        <ProblemBanner problem={trouble} />
        <div class="form-row">
          <SelectField
            label={say(labels.kind)}
            value={draft.kind}
            choices={[
              { value: 'gate', label: say(labels.kindGate) },
              { value: 'handheld', label: say(labels.kindHandheld) },
            ]}
            onValue={(kind) => change({ kind })}
          />
          <SelectField
            label={say(labels.zone)}
            hint={say(labels.zoneHint)}
            error={errorOf('zone')}
            value={draft.zone}
            choices={event.policy.zones.map(({ id, name }) => ({ value: id, label: name }))}
            onValue={(zone) => change({ zone })}
          />
        </div>
        <div class="form-row">
          <TextField
            label={say(labels.name)}
            hint={say(labels.nameHint)}
            error={errorOf('name')}
            maxLength={100}
            value={draft.name}
            onValue={(name) => change({ name })}
          />
          <TextField
            label={say(labels.id)}
            hint={say(labels.idHint)}
            error={errorOf('id')}
            maxLength={32}
            placeholder={idOf(draft.name)}
            value={draft.id}
            onValue={(id) => change({ id })}
          />
        </div>
        {draft.kind === 'gate' && (
          <Lanes lanes={draft.lanes} error={errorOf('lanes')} onLanes={(lanes) => change({ lanes })} />
        )}
        <div class="actions-row">
          <Button onClick={onCancel}>{say(cancel)}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {say(labels.make)}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

const lanesMax = 16;

function Lanes({
  lanes,
  error,
  onLanes,
}: {
  readonly lanes: readonly LaneDraft[];
  readonly error: string | undefined;
  readonly onLanes: (lanes: readonly LaneDraft[]) => void;
}): JSX.Element {
  const change = (place: number, part: Partial<LaneDraft>): void =>
    onLanes(lanes.map((lane, index) => (index === place ? { ...lane, ...part } : lane)));
  return (
    <>
      {lanes.map((lane, place) => (
        // Lanes have no other name while they are typed.
        <fieldset key={place} class="lane">
          <legend>
            {say(labels.laneId)} {place + 1}
          </legend>
          <div class="form-row">
            <TextField
              label={say(labels.id)}
              error={place === lanes.length - 1 ? error : undefined}
              value={lane.id}
              onValue={(id) => change(place, { id })}
            />
            <SelectField
              label={say(labels.direction)}
              value={lane.direction}
              choices={[
                { value: 'entry', label: say(labels.entry) },
                { value: 'exit', label: say(labels.exit) },
              ]}
              onValue={(direction) => change(place, { direction })}
            />
            <TextField
              label={say(labels.actuator)}
              hint={say(labels.actuatorHint)}
              value={lane.actuator}
              onValue={(actuator) => change(place, { actuator })}
            />
          </div>
          <AreaField
            label={say(labels.readers)}
            hint={say(labels.readersHint)}
            rows={2}
            value={lane.readers}
            onValue={(readers) => change(place, { readers })}
          />
          {lanes.length > 1 && (
            <Button kind="quiet" onClick={() => onLanes(lanes.filter((_lane, index) => index !== place))}>
              {say(labels.removeLane)} {place + 1}
            </Button>
          )}
        </fieldset>
      ))}
      {lanes.length < lanesMax && (
        <div>
          <Button onClick={() => onLanes([...lanes, newLane(lanes.length + 1)])}>{say(labels.addLane)}</Button>
        </div>
      )}
    </>
  );
}

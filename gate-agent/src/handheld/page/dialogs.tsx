// What is asked before something happens: who is on duty, why somebody is let in against the rules, taken back or declined, how many are in a
// zone, and whether an order to the whole venue is meant.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import {
  declineReasons,
  orderQuestion,
  overrideReasons,
  recountedPersonsMax,
  staffCodePattern,
  undoReasons,
  type Confirmation,
  type DeclineReason,
  type OverrideReason,
  type StaffTexts,
  type UndoReason,
} from '@postern/shared';
import { Banner, Button, Confirm, Dialog, SelectField, TextField, useSubmit } from '@postern/shared/ui';
import { declineReasonTexts, labels, liftLabels, overrideReasonTexts, sayings, undoReasonTexts } from './texts.ts';
import { language, say, usePage, zoneName } from './page.ts';

/** So many at once by one press; a rule of the lane bounds it, too. */
const personsMax = 20;

export function Dialogs(): JSX.Element | null {
  const { duty } = usePage();
  const asking = duty.asking.value;
  switch (asking?.type) {
    case undefined:
      return null;
    case 'sign-on':
      return <SignOn key={asking.who} who={asking.who} />;
    case 'override':
      return <Override />;
    case 'undo':
      return <Undo />;
    case 'recount':
      return <Recount />;
    case 'decline':
      return <Decline holdId={asking.holdId} />;
    case 'order':
      return <GiveOrder confirmation={asking.confirmation} />;
  }
}

const isCard = (text: string): boolean => staffCodePattern.test(text.trim().toUpperCase());

/** Name or card, and PIN; `who` undefined leaves the name to be typed. */
function useCredentials(first: string): {
  readonly who: string;
  readonly pin: string;
  readonly clearPin: () => void;
  readonly fields: JSX.Element;
} {
  const [who, setWho] = useState(first);
  const [pin, setPin] = useState('');
  return {
    who,
    pin,
    clearPin: () => setPin(''),
    fields: (
      <>
        <TextField
          label={say(labels.operator)}
          type={isCard(who) ? 'password' : 'text'}
          value={who}
          onValue={setWho}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={64}
          autofocus={first === ''}
        />
        <TextField
          label={say(labels.pin)}
          type="password"
          inputmode="numeric"
          // Nothing for a browser to keep: this is not the owner of the phone.
          autocomplete="one-time-code"
          maxLength={12}
          value={pin}
          onValue={setPin}
          autofocus={first !== ''}
        />
      </>
    ),
  };
}

function SignOn({ who: first }: { readonly who: string }): JSX.Element {
  const { duty } = usePage();
  const { who, pin, clearPin, fields } = useCredentials(first);
  const close = (): void => duty.ask(undefined);
  const isFilled = who.trim() !== '' && pin !== '';
  const { busy, trouble, submit } = useSubmit(async () => {
    const problem = await duty.signOn(who, pin);
    clearPin();
    return problem;
  });
  return (
    <Dialog open title={say(labels.signOn)} onClose={close}>
      <form class="form" onSubmit={submit}>
        {fields}
        {trouble !== undefined && (
          <Banner tone="bad" role="alert">
            {trouble}
          </Banner>
        )}
        <div class="actions-row">
          <Button onClick={close}>{say(labels.cancel)}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!isFilled}>
            {say(labels.signOn)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const choicesOf = <Reason extends string>(
  reasons: readonly Reason[],
  texts: Readonly<Record<Reason, StaffTexts>>,
): readonly { readonly value: Reason; readonly label: string }[] =>
  reasons.map((value) => ({ value, label: say(texts[value]) }));

/** Always with the PIN, whoever is on duty: it must not happen by a wrong press. */
function Override(): JSX.Element {
  const { duty, handheld } = usePage();
  const { who, pin, clearPin, fields } = useCredentials(duty.shift.value?.operator ?? '');
  const [reason, setReason] = useState<OverrideReason>('lost-code');
  const [persons, setPersons] = useState('1');
  const count = /^\d{1,2}$/.test(persons) ? Number(persons) : 0;
  return (
    <Confirm
      open
      title={say(sayings.overrideAsks.title)}
      consequence={say(sayings.overrideAsks.hint)}
      act={say(labels.override)}
      cancel={say(labels.cancel)}
      ready={who.trim() !== '' && pin !== '' && count >= 1 && count <= personsMax}
      onCancel={() => duty.ask(undefined)}
      onConfirm={async () => {
        const lane = handheld.lane()?.id ?? '';
        const problem = await duty.actAs(
          { operator: who.trim(), pin },
          { type: 'override', lane, reason, persons: count },
        );
        clearPin();
        if (problem === undefined) duty.ask(undefined);
        return problem;
      }}
    >
      <SelectField
        label={say(labels.reason)}
        value={reason}
        choices={choicesOf(overrideReasons, overrideReasonTexts)}
        onValue={setReason}
      />
      <TextField
        label={say(labels.persons)}
        inputmode="numeric"
        value={persons}
        onValue={setPersons}
        maxLength={2}
        autocomplete="off"
      />
      {fields}
    </Confirm>
  );
}

function Undo(): JSX.Element {
  const { duty, handheld } = usePage();
  const [reason, setReason] = useState<UndoReason>('scanned-by-mistake');
  return (
    <Confirm
      open
      title={say(sayings.undoAsks.title)}
      consequence={say(sayings.undoAsks.hint)}
      act={say(labels.undoAct)}
      cancel={say(labels.cancel)}
      onCancel={() => duty.ask(undefined)}
      onConfirm={() => {
        duty.ask(undefined);
        void duty.act({ type: 'undo', lane: handheld.lane()?.id ?? '', reason });
      }}
    >
      <SelectField
        label={say(labels.reason)}
        value={reason}
        choices={choicesOf(undoReasons, undoReasonTexts)}
        onValue={setReason}
      />
    </Confirm>
  );
}

/** A supervisor says how many were counted; the mark goes to every gate. */
function Recount(): JSX.Element {
  const { duty, handheld } = usePage();
  const zones = handheld.policy()?.zones ?? [];
  const [zone, setZone] = useState(handheld.lane()?.settings.zone ?? '');
  const [typed, setTyped] = useState('');
  const persons = /^\d{1,7}$/.test(typed) ? Number(typed) : undefined;
  return (
    <Confirm
      open
      title={say(sayings.recountAsks.title)}
      consequence={say(sayings.recountAsks.hint)}
      act={say(labels.recountAct)}
      cancel={say(labels.cancel)}
      ready={persons !== undefined && persons <= recountedPersonsMax}
      onCancel={() => duty.ask(undefined)}
      onConfirm={() => {
        duty.ask(undefined);
        void duty.act({ type: 'recount-zone', zone, persons: persons ?? 0 });
      }}
    >
      <SelectField
        label={say(labels.zone)}
        value={zone}
        choices={zones.map(({ id, name }) => ({ value: id, label: name }))}
        onValue={setZone}
      />
      <TextField
        label={say(labels.persons)}
        inputmode="numeric"
        value={typed}
        onValue={setTyped}
        maxLength={7}
        autocomplete="off"
      />
    </Confirm>
  );
}

function Decline({ holdId }: { readonly holdId: string }): JSX.Element {
  const { duty, handheld } = usePage();
  const [reason, setReason] = useState<DeclineReason>('proof-missing');
  return (
    <Confirm
      open
      title={say(sayings.declineAsks.title)}
      consequence={say(sayings.declineAsks.hint)}
      act={say(labels.decline)}
      cancel={say(labels.back)}
      onCancel={() => duty.ask(undefined)}
      onConfirm={() => {
        duty.ask(undefined);
        void duty.act({ type: 'decline-hold', lane: handheld.lane()?.id ?? '', holdId, reason });
      }}
    >
      <SelectField
        label={say(labels.reason)}
        value={reason}
        choices={choicesOf(declineReasons, declineReasonTexts)}
        onValue={setReason}
      />
    </Confirm>
  );
}

function GiveOrder({ confirmation }: { readonly confirmation: Confirmation }): JSX.Element {
  const page = usePage();
  const { duty } = page;
  const { lift, order, zone, token, gates } = confirmation;
  const act = say(lift ? liftLabels[order] : labels.stopEntry);
  return (
    <Confirm
      open
      title={`${act}?`}
      consequence={orderQuestion(confirmation, zoneName(page, zone), gates.length, language.value)}
      act={act}
      cancel={say(labels.cancel)}
      onCancel={() => duty.ask(undefined)}
      onConfirm={() => {
        duty.ask(undefined);
        void duty.act({ type: 'confirm-order', token });
      }}
    />
  );
}

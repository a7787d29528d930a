// Leads by the hand from an empty deployment to the first ticket that is scanned. What is done is read from the cloud every few seconds, so that
// somebody may leave, do a step elsewhere, and come back.
import type { EventResponse } from '@postern/shared';
import { Button, Shape } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { events } from '../events.ts';
import { fill, say } from '../language.ts';
import { Name } from '../parts/names.tsx';
import { addressOf, go } from '../route.ts';
import type { SectionProps } from '../section.tsx';
import { codesOut } from './codes-out.ts';
import { CreateEvent } from './create-event.tsx';
import { labels, stepTexts } from './messages.ts';
import { CodesStep, GateStep, ScanStep, TicketsStep } from './step-bodies.tsx';
import { isComplete, stepsOf, type StepName, type StepState } from './steps.ts';
import { useEventProgress, type EventProgress } from './event-progress.ts';
import '../files/files.css';
import '../gates/gates.css';
import '../parts/forms.css';
import '../tickets/tickets.css';
import './first-run.css';

export function FirstRunPage({ rest }: SectionProps): JSX.Element {
  const list = events.value ?? [];
  const [what] = rest;
  const isNew = what === 'new' || list.length === 0;
  const event = isNew ? undefined : (list.find((one) => String(one.event) === what) ?? list.at(-1));
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{say(list.length === 0 ? labels.welcome : labels.title)}</h1>
          {list.length === 0 && <p class="muted">{say(labels.welcomeHint)}</p>}
        </div>
        {!isNew && (
          <a class="button" href={addressOf({ section: 'start', rest: ['new'] })}>
            {say(labels.nextEvent)}
          </a>
        )}
      </header>
      {event !== undefined && list.length > 1 && (
        <select
          class="input event-choice"
          aria-label={say(labels.event)}
          value={event.event}
          onChange={({ currentTarget }) => go({ section: 'start', rest: [currentTarget.value] })}
        >
          {list.map((one) => (
            <option key={one.event} value={one.event}>
              {one.policy.name}
            </option>
          ))}
        </select>
      )}
      {event === undefined ? <NoEvent /> : <OfEvent key={event.event} event={event} />}
    </>
  );
}

/** Only the first step can be done. */
const NoEvent = (): JSX.Element => (
  <Steps
    done={{}}
    opened={undefined}
    onOpen={() => undefined}
    body={{
      event: <CreateEvent onCreated={(event) => go({ section: 'start', rest: [String(event)] })} />,
    }}
  />
);

function OfEvent({ event }: { readonly event: EventResponse }): JSX.Element {
  const progress = useEventProgress(event);
  const [opened, setOpened] = useState<StepName>();
  return (
    <Steps
      done={progress}
      opened={opened}
      onOpen={setOpened}
      name={event.policy.name}
      body={{
        tickets: <TicketsStep event={event} progress={progress} onStarted={() => setOpened('tickets')} />,
        codes: <CodesStep event={event} />,
        gate: <GateStep event={event} progress={progress} onLeave={() => setOpened(undefined)} />,
        scan: <ScanStep event={event} progress={progress} />,
      }}
    />
  );
}

interface StepsProps {
  readonly done: Partial<EventProgress>;
  /** A step that somebody wants to do once more. */
  readonly opened: StepName | undefined;
  readonly onOpen: (step: StepName | undefined) => void;
  readonly name?: string;
  readonly body: Readonly<Partial<Record<StepName, ComponentChildren>>>;
}

function Steps({ done, opened, onOpen, name, body }: StepsProps): JSX.Element {
  const steps = stepsOf({
    hasEvent: name !== undefined,
    tickets: done.tickets ?? 0,
    codesOut: done.event !== undefined && codesOut.value.includes(done.event),
    gatesEnrolled: done.gatesEnrolled ?? 0,
    entered: done.entered ?? 0,
  });
  return (
    <ol class={isComplete(steps) ? 'steps complete' : 'steps'}>
      {steps.map((step, index) => {
        const isOpen = step.state === 'now' || step.name === opened || (step.name === 'scan' && step.state === 'done');
        return (
          <li key={step.name} class={`panel step ${step.state}`} data-step={step.name}>
            <header>
              <StepMark state={step.state} number={index + 1} />
              <h2>
                <small>{fill(labels.step, { n: index + 1, all: steps.length })}</small>
                {say(stepTexts[step.name])}
                {step.name === 'event' && name !== undefined && (
                  <small>
                    <Name>{name}</Name>
                  </small>
                )}
              </h2>
              {step.state === 'done' && body[step.name] !== undefined && step.name !== 'scan' && (
                <Button kind="quiet" onClick={() => onOpen(opened === step.name ? undefined : step.name)}>
                  {say(labels.open)}
                  <span class="unseen"> {say(stepTexts[step.name])}</span>
                </Button>
              )}
            </header>
            {isOpen && body[step.name] !== undefined && <div class="step-body">{body[step.name]}</div>}
          </li>
        );
      })}
    </ol>
  );
}

/** A tick, or which step it is. */
const StepMark = ({ state, number }: { readonly state: StepState; readonly number: number }): JSX.Element => (
  <span class={`step-mark tone-${state === 'done' ? 'good' : state === 'now' ? 'busy' : 'plain'}`}>
    {state === 'done' ? <Shape name="disc" /> : <span aria-hidden="true">{number}</span>}
    <span class="unseen">{say(labels[state])}</span>
  </span>
);

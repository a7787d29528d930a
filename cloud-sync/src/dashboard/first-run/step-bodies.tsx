// What there is to do in each step after the event was made.
import type { EventResponse } from '@postern/shared';
import { Banner, Button, Progress } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CsvImport } from '../files/csv-import.tsx';
import { Pretix } from '../files/pretix.tsx';
import { count, timeOfDay } from '../format.ts';
import { EnrolGate } from '../gates/enrol-gate.tsx';
import { fill, say } from '../language.ts';
import { addressOf } from '../route.ts';
import { IssueForm } from '../tickets/issue.tsx';
import { codesAreOut } from './codes-out.ts';
import type { EventProgress } from './event-progress.ts';
import { labels } from './messages.ts';

export interface StepProps {
  readonly event: EventResponse;
  readonly progress: EventProgress;
}

export function TicketsStep({
  event,
  progress,
  onStarted,
}: StepProps & {
  /** Something goes on here that somebody wants to see, also once there are tickets. */
  readonly onStarted: () => void;
}): JSX.Element {
  const [way, setWay] = useState<'issue' | 'import'>();
  return (
    <>
      <p>{say(labels.ticketsHint)}</p>
      {progress.tickets > 0 && <Banner tone="good">{fill(labels.haveTickets, { n: count(progress.tickets) })}</Banner>}
      <p class="ways">
        <Button
          kind={way === 'issue' ? 'plain' : 'primary'}
          aria-pressed={way === 'issue'}
          onClick={() => setWay('issue')}
        >
          {say(labels.issueHere)}
        </Button>
        <Button aria-pressed={way === 'import'} onClick={() => setWay('import')}>
          {say(labels.importHere)}
        </Button>
      </p>
      {way === 'issue' && <IssueForm event={event} />}
      {way === 'import' && (
        <>
          <CsvImport event={event} onStarted={onStarted} />
          <Pretix event={event} />
        </>
      )}
    </>
  );
}

export const CodesStep = ({ event }: Pick<StepProps, 'event'>): JSX.Element => (
  <>
    <p>{say(labels.codesHint)}</p>
    <p class="ways">
      <a class="button primary" href={addressOf({ event: event.event, section: 'tickets', rest: ['print'] })}>
        {say(labels.print)}
      </a>
      <a class="button" href={addressOf({ event: event.event, section: 'tickets', rest: ['links'] })}>
        {say(labels.links)}
      </a>
      <Button kind="quiet" onClick={() => codesAreOut(event.event)}>
        {say(labels.codesThere)}
      </Button>
    </p>
  </>
);

export function GateStep({ event, progress, onLeave }: StepProps & { readonly onLeave: () => void }): JSX.Element {
  const [enrolling, setEnrolling] = useState(progress.gatesEnrolled === 0);
  return (
    <>
      <p>{say(labels.gateHint)}</p>
      {progress.gatesEnrolled > 0 && (
        <Banner tone="good" role="status">
          {progress.gatesEnrolled === 1
            ? say(labels.gateThere)
            : fill(labels.gatesThere, { n: count(progress.gatesEnrolled) })}
        </Banner>
      )}
      {enrolling ? (
        <EnrolGate
          event={event}
          onDone={() => {
            setEnrolling(false);
            onLeave();
          }}
        />
      ) : (
        <p>
          <Button onClick={() => setEnrolling(true)}>{say(labels.anotherGate)}</Button>
        </p>
      )}
    </>
  );
}

export function ScanStep({ event, progress }: StepProps): JSX.Element {
  const { entered, refused, first } = progress;
  const { timeZone } = event.policy;
  if (entered === 0)
    return (
      <>
        <p>{say(labels.scanHint)}</p>
        <Progress label={say(labels.scanWaiting)} />
        {refused > 0 && (
          <Banner tone="warn" role="status">
            {fill(labels.refused, { n: count(refused) })}
          </Banner>
        )}
      </>
    );
  return (
    <div class="celebration">
      <Confetti />
      <p class="celebration-title" role="status">
        {say(labels.firstScan)}
      </p>
      {first !== undefined && <p>{fill(labels.firstScanAt, { time: timeOfDay(first.atMs, timeZone) })}</p>}
      <p class="ways">
        {first !== undefined && (
          <a class="button" href={addressOf({ event: event.event, section: 'tickets', rest: [first.ticket] })}>
            {say(labels.seeStory)}
          </a>
        )}
        <a class="button primary" href={addressOf({ event: event.event, section: 'live' })}>
          {say(labels.toLive)}
        </a>
      </p>
    </div>
  );
}

const pieces = Array.from({ length: 18 }, (_none, index) => index);

/** Falls once; who has asked for less motion sees it lie still. */
const Confetti = (): JSX.Element => (
  <svg class="confetti" viewBox="0 0 180 40" aria-hidden="true" focusable="false">
    {pieces.map((piece) => (
      <rect
        key={piece}
        class={`piece piece-${piece % 4}`}
        x={5 + piece * 10}
        y={4 + ((piece * 7) % 20)}
        width="4"
        height="7"
        rx="1"
        transform={`rotate(${(piece * 37) % 90} ${7 + piece * 10} ${8 + ((piece * 7) % 20)})`}
      />
    ))}
  </svg>
);

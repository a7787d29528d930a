// The numbers of the evening in one row, large enough to be read across a room.
import type { LiveState } from '@postern/shared';
import { Shape } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { age, count } from '../format.ts';
import { fill, say } from '../language.ts';
import { useNow } from '../now.ts';
import { addressOf } from '../route.ts';
import { texts } from './texts.ts';

export const Figures = ({ shown }: { readonly shown: LiveState }): JSX.Element => (
  <dl class="figures">
    <Figure label={say(texts.entered)} value={count(shown.admitted)} />
    <Figure label={say(texts.inside)} value={count(shown.zones.reduce((sum, { inside }) => sum + inside, 0))} />
    <Figure label={say(texts.refused)} value={count(shown.refused)} />
    <Figure
      label={say(texts.enteredTwice)}
      value={count(shown.cases)}
      alarming={shown.cases > 0}
      href={addressOf({ event: shown.event, section: 'cases' })}
    />
    <Figure
      label={say(texts.suspicious)}
      value={count(shown.suspicions)}
      alarming={shown.suspicions > 0}
      href={addressOf({ event: shown.event, section: 'cases', rest: ['suspicious'] })}
    />
    {shown.aside > 0 && (
      <Figure
        label={say(texts.aside)}
        value={count(shown.aside)}
        alarming
        href={addressOf({ event: shown.event, section: 'cases', rest: ['aside'] })}
      />
    )}
    <TicketList shown={shown} />
  </dl>
);

function TicketList({ shown: { feedVersion, feedAtMs } }: { readonly shown: LiveState }): JSX.Element {
  const now = useNow();
  return (
    <Figure
      label={say(texts.ticketList)}
      value={feedVersion === 0 ? '–' : `v${feedVersion}`}
      note={
        feedAtMs === undefined
          ? say(texts.ticketListNone)
          : fill(texts.ticketListOld, { age: age(Math.max(0, now - feedAtMs)) })
      }
    />
  );
}

const Figure = ({
  label,
  value,
  note,
  alarming = false,
  href,
}: {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly alarming?: boolean;
  /** Where it is worked off. */
  readonly href?: string;
}): JSX.Element => (
  <div class={alarming ? 'alarming' : undefined}>
    <dt>{href === undefined ? label : <a href={href}>{label}</a>}</dt>
    <dd>
      {alarming && <Shape name="triangle" />}
      <span class="number">{value}</span>
      {note !== undefined && <small>{note}</small>}
    </dd>
  </div>
);

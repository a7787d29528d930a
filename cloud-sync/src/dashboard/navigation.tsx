// The way around: the event, its sections, those of the deployment, and who is signed in. A column beside the page; on a phone a bar with a
// menu.
import { Button } from '@postern/shared/ui';
import type { EventResponse, UserView } from '@postern/shared';
import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { chooseStaffLanguage, language, say, languageChoices } from './language.ts';
import { addressOf, go, place } from './route.ts';
import { isOpenTo, type Section } from './section.tsx';
import { sections } from './sections.ts';
import { signOut } from './session.ts';
import { texts } from './texts.ts';

export interface NavigationProps {
  readonly who: UserView;
  readonly events: readonly EventResponse[];
  readonly event: EventResponse | undefined;
  readonly shown: Section | undefined;
}

export function Navigation({ who, events, event, shown }: NavigationProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const menuId = useId();
  // Whoever has chosen wants to see it.
  useEffect(() => setOpen(false), [place.value]);
  const visible = sections.filter((section) => isOpenTo(who, section, event?.event));
  return (
    <header class="side">
      <p class="brand">
        <BrandMark /> Postern
      </p>
      <Button class="menu-button" aria-expanded={open} aria-controls={menuId} onClick={() => setOpen(!open)}>
        {say(texts.menu)}
      </Button>
      <div id={menuId} class={open ? 'menu open' : 'menu'}>
        <nav aria-label={say(texts.sections)}>
          {event !== undefined && (
            <>
              <EventSwitch events={events} event={event} shown={shown} />
              <Links sections={visible.filter(({ scope }) => scope === 'event')} event={event} shown={shown} />
            </>
          )}
          {who.administrator && <h2>{say(texts.deployment)}</h2>}
          <Links sections={visible.filter(({ scope }) => scope === 'deployment')} event={undefined} shown={shown} />
        </nav>
        <div class="who">
          <p>
            <bdi>{who.name}</bdi>
          </p>
          <LanguageSwitch />
          <Button kind="quiet" onClick={() => void signOut()}>
            {say(texts.signOut)}
          </Button>
        </div>
      </div>
    </header>
  );
}

function EventSwitch({
  events,
  event,
  shown,
}: Required<Pick<NavigationProps, 'events' | 'shown'>> & {
  readonly event: EventResponse;
}): JSX.Element {
  if (events.length < 2)
    return (
      <p class="event-name">
        <bdi>{event.policy.name}</bdi>
      </p>
    );
  return (
    <select
      class="input"
      aria-label={say(texts.event)}
      value={event.event}
      onChange={({ currentTarget }) =>
        go({ event: Number(currentTarget.value), section: shown?.scope === 'event' ? shown.id : 'live' })
      }
    >
      {events.map((choice) => (
        <option key={choice.event} value={choice.event}>
          {choice.policy.name}
        </option>
      ))}
    </select>
  );
}

const Links = ({
  sections: listed,
  event,
  shown,
}: {
  readonly sections: readonly Section[];
  readonly event: EventResponse | undefined;
  readonly shown: Section | undefined;
}): JSX.Element => (
  <ul>
    {listed.map(({ id, title }) => (
      <li key={id}>
        <a
          href={addressOf({ ...(event === undefined ? {} : { event: event.event }), section: id })}
          aria-current={shown?.id === id ? 'page' : undefined}
        >
          {say(title)}
        </a>
      </li>
    ))}
  </ul>
);

const LanguageSwitch = (): JSX.Element => (
  <select
    class="input"
    aria-label={say(texts.language)}
    value={language.value}
    onChange={({ currentTarget }) => {
      const chosen = languageChoices.find(({ value }) => value === currentTarget.value);
      if (chosen !== undefined) chooseStaffLanguage(chosen.value);
    }}
  >
    {languageChoices.map(({ value, label }) => (
      <option key={value} value={value} lang={value}>
        {label}
      </option>
    ))}
  </select>
);

/** A gate with an open leaf. */
const BrandMark = (): JSX.Element => (
  <svg class="brand-mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d="M3 21V8a9 6 0 0 1 18 0v13h-3V9l-7 3v9Z" fill="currentColor" />
  </svg>
);

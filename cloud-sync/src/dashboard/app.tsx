// The frame of every section: signing in, the navigation, the choice of the event and of the language.
import { Banner, Button, EmptyState, Toasts } from '@postern/shared/ui';
import type { EventResponse, UserView } from '@postern/shared';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { readLink } from './account/link.ts';
import { events, eventsProblem, readEvents } from './events.ts';
import { say } from './language.ts';
import { Navigation } from './navigation.tsx';
import { RehearsalBanner } from './rehearsal/rehearsal-banner.tsx';
import { problemText } from './parts/problem.tsx';
import { isOutdated, outdatedTexts } from './release.ts';
import { addressOf, place, replacePlace } from './route.ts';
import { isOpenTo, lazily, rolesOf, type Section } from './section.tsx';
import { sections } from './sections.ts';
import { me, stage } from './session.ts';
import { SignInOver, SignInPage } from './sign-in.tsx';
import { texts } from './texts.ts';

export function App(): JSX.Element {
  const who = me.value;
  const link = readLink(place.value.section);
  if (link !== undefined) return <LinkPage link={link} />;
  if (who === undefined)
    return stage.value === 'signed-out' ? (
      <SignInPage />
    ) : (
      <>
        <Outdated />
        <p class="loading">{say(stage.value === 'unreachable' ? texts.unreachable : texts.oneMoment)}</p>
      </>
    );
  return (
    <>
      <Frame who={who} />
      {stage.value === 'expired' && <SignInOver />}
      <Toasts dismissLabel={say(texts.dismiss)} />
    </>
  );
}

const LinkPage = lazily(async () => (await import('./account/one-time-link.tsx')).OneTimeLink);

/** The section of the address, or the first that there is. */
function shownSection(who: UserView, event: EventResponse | undefined): Section | undefined {
  const { section } = place.value;
  const open = sections.filter(
    (one) => (one.scope === 'deployment' || event !== undefined) && isOpenTo(who, one, event?.event),
  );
  return open.find(({ id }) => id === section) ?? (section === '' ? open[0] : undefined);
}

function Frame({ who }: { readonly who: UserView }): JSX.Element {
  const list = events.value;
  const wanted = place.value.event;
  // Who follows a link to an event that is not theirs must not take another one for it.
  const event = wanted === undefined ? list?.at(-1) : list?.find((candidate) => candidate.event === wanted);
  const unknown = list !== undefined && event === undefined ? wanted : undefined;
  // It may have been made since the list was read.
  useEffect(() => void readEvents(), [who.id, unknown]);
  const section = list === undefined ? undefined : shownSection(who, event);
  useEffect(() => {
    // The address always says where somebody is.
    if (section === undefined) return;
    if (section.scope === 'event' && event !== undefined && (place.value.section === '' || wanted !== event.event))
      replacePlace({ ...place.value, event: event.event, section: section.id });
    else if (section.scope === 'deployment' && place.value.section === '')
      replacePlace({ ...place.value, section: section.id });
  }, [section, event, wanted]);
  const title = section === undefined ? '' : say(section.title);
  useEffect(() => {
    document.title = [title, section?.scope === 'event' ? event?.policy.name : undefined, 'Postern']
      .filter(Boolean)
      .join(' – ');
  }, [title, event?.policy.name, section?.scope]);
  const main = useRef<HTMLElement>(null);
  const seen = useRef<string>();
  useEffect(() => {
    // Whoever has gone to another section by keyboard goes on from its beginning.
    if (seen.current !== undefined && section !== undefined && seen.current !== section.id) main.current?.focus();
    seen.current = section?.id ?? seen.current;
  }, [section?.id]);
  const isOnDuty = event !== undefined && rolesOf(who, event.event).length > 0;
  return (
    <>
      {isOnDuty && <RehearsalBanner event={event} />}
      <div class="frame">
        <a
          class="button primary skip unseen"
          href="#main"
          onClick={(click) => {
            click.preventDefault();
            main.current?.focus();
          }}
        >
          {say(texts.skip)}
        </a>
        <Navigation who={who} events={list ?? []} event={event} shown={section} />
        <main id="main" ref={main} tabIndex={-1}>
          <Outdated />
          {eventsProblem.value !== undefined && (
            <Banner
              tone="bad"
              role="alert"
              action={<Button onClick={() => void readEvents()}>{say(texts.again)}</Button>}
            >
              {problemText(eventsProblem.value)}
            </Banner>
          )}
          {section === undefined ? (
            list !== undefined && <NothingHere isEventUnknown={unknown !== undefined} hasEvents={list.length > 0} />
          ) : (
            <Shown section={section} event={event} who={who} />
          )}
        </main>
      </div>
    </>
  );
}

const Outdated = (): JSX.Element | null =>
  isOutdated.value ? (
    <Banner
      tone="warn"
      role="alert"
      action={<Button onClick={() => location.reload()}>{say(outdatedTexts.again)}</Button>}
    >
      <strong>{say(outdatedTexts.title)}.</strong> {say(outdatedTexts.hint)}
    </Banner>
  ) : null;

const NothingHere = ({
  isEventUnknown,
  hasEvents,
}: {
  readonly isEventUnknown: boolean;
  readonly hasEvents: boolean;
}): JSX.Element =>
  isEventUnknown ? (
    <EmptyState title={say(texts.eventUnknown)}>
      {say(texts.eventUnknownHint)} {hasEvents && <a href={addressOf({ section: '' })}>{say(texts.toYourEvents)}</a>}
    </EmptyState>
  ) : (
    <EmptyState title={say(texts.nothingHere)}>{say(texts.nothingHereHint)}</EmptyState>
  );

function Shown({
  section,
  event,
  who,
}: {
  readonly section: Section;
  readonly event: EventResponse | undefined;
  readonly who: UserView;
}): JSX.Element | null {
  const { rest } = place.value;
  if (section.scope === 'deployment') return <section.render key={section.id} rest={rest} me={who} />;
  return event === undefined ? null : (
    <section.render key={`${section.id} ${event.event}`} event={event} rest={rest} me={who} />
  );
}

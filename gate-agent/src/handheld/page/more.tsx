// Everything that is not needed for each visitor: direction, who is on duty, orders to the venue, a count by hand, the gates on this network,
// how the phone stands in detail, and how it speaks.
import type { JSX } from 'preact';
import { directionOf, languages, staffLanguages, type Language } from '@postern/shared';
import { Banner, Button, CheckField, Panel, SelectField } from '@postern/shared/ui';
import type { RunningState } from '../core/handheld.ts';
import { LanPanel } from './lan-panel.tsx';
import { SealedMarks } from './sealed-marks.tsx';
import { contactText, listText } from './status-line.tsx';
import { clockSources, labels, liftLabels, orderNames, sayings } from './texts.ts';
import { language, say, sound, timeOf, usePage, vibration, visitorLanguage, zoneName } from './page.ts';

const languageNames: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  ar: 'العربية',
};

export function More({ running }: { readonly running: RunningState }): JSX.Element {
  return (
    <section class="view" aria-label={say(labels.more)}>
      <Direction running={running} />
      <OnDuty />
      <Orders running={running} />
      <Counting />
      <LanPanel />
      <Phone running={running} />
      <Speech />
    </section>
  );
}

const Direction = ({ running }: { readonly running: RunningState }): JSX.Element => {
  const { handheld } = usePage();
  return (
    <fieldset class="segments">
      <legend>{say(labels.direction)}</legend>
      {(['entry', 'exit'] as const).map((direction) => (
        <Button
          key={direction}
          class="large"
          kind={running.direction === direction ? 'primary' : 'plain'}
          aria-pressed={running.direction === direction}
          onClick={() => handheld.setDirection(direction)}
        >
          {say(labels[direction])}
        </Button>
      ))}
    </fieldset>
  );
};

function OnDuty(): JSX.Element {
  const { duty } = usePage();
  const shift = duty.shift.value;
  return (
    <Panel
      title={shift?.operator ?? say(labels.nobodySignedOn)}
      actions={
        shift === undefined ? (
          <Button kind="primary" onClick={() => duty.ask({ type: 'sign-on', who: '', next: undefined })}>
            {say(labels.signOn)}
          </Button>
        ) : (
          <Button onClick={duty.signOff}>{say(labels.signOff)}</Button>
        )
      }
    >
      {null}
    </Panel>
  );
}

/** A supervisor stops entry everywhere, or lets it go on; who did, and which gates have not heard of it. */
function Orders({ running }: { readonly running: RunningState }): JSX.Element {
  const page = usePage();
  const standing = running.orders.orders.filter(({ state }) => state === 'in-force');
  const where = (zone: string): string => (zone === '' ? say(labels.everywhere) : (zoneName(page, zone) ?? zone));
  return (
    <Panel
      title={say(labels.orders)}
      actions={
        standing.some(({ order }) => order === 'stop-entry') ? undefined : (
          <Button
            kind="danger"
            onClick={() => void page.duty.act({ type: 'give-order', order: 'stop-entry', zone: '' })}
          >
            {say(labels.stopEntry)}
          </Button>
        )
      }
    >
      {standing.map(({ order, zone, given, missing }) => (
        <Banner
          key={`${order}/${zone}`}
          tone="bad"
          action={
            <Button onClick={() => void page.duty.act({ type: 'lift-order', order, zone })}>
              {say(liftLabels[order])}
            </Button>
          }
        >
          <strong>{say(orderNames[order])}</strong> {where(zone)} · {given.operator ?? given.gateName},{' '}
          {timeOf(given.atMs, page)}
          <br />
          {missing.length === 0
            ? say(labels.allHaveHeard)
            : `${say(labels.notHeardYet)}: ${missing.map(({ name }) => name).join(', ')}`}
        </Banner>
      ))}
    </Panel>
  );
}

/** After it was counted by hand, everybody goes on from there. */
const Counting = (): JSX.Element => {
  const { duty } = usePage();
  return (
    <Panel
      title={say(labels.counting)}
      actions={<Button onClick={() => duty.ask({ type: 'recount' })}>{say(labels.recount)}</Button>}
    >
      {null}
    </Panel>
  );
};

const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MB`;

function Phone({ running }: { readonly running: RunningState }): JSX.Element {
  const page = usePage();
  const { handheld, duty } = page;
  const { storage, contact, clock, feed, event, gate } = running;
  return (
    <Panel title={say(labels.phone)} actions={<Button onClick={handheld.syncNow}>{say(labels.askCloud)}</Button>}>
      <dl class="facts">
        <Fact name={labels.event}>{event.name}</Fact>
        <Fact name={labels.gate}>
          {gate.name} <code>{gate.id}</code>
        </Fact>
        <Fact name={labels.zone}>{zoneName(page, gate.zone) ?? gate.zone}</Fact>
        <Fact name={labels.contact}>
          {contactText(running, page)}
          {contact.problem !== undefined && !contact.inTouch && <small> {contact.problem}</small>}
        </Fact>
        {contact.gates.map(({ id, name, coveredMs }) => (
          <Fact key={id} name={{ en: name, de: name }}>
            {language.value === 'de' ? 'bekannt bis' : 'known up to'} {timeOf(coveredMs, page)}
          </Fact>
        ))}
        <Fact name={labels.list}>
          {listText(running)}
          {feed.version !== undefined && <small> {feed.tickets.toLocaleString(language.value)}</small>}
        </Fact>
        <Fact name={labels.clock}>
          {timeOf(clock.nowMs, page)}{' '}
          <small>
            {say(clockSources[clock.source])}
            {clock.source !== 'none' && `, ±${Math.ceil(clock.uncertaintyMs / 1_000)} s`}
          </small>
          {!clock.trusted && (
            <Button onClick={() => void duty.act({ type: 'confirm-clock' })}>{say(labels.confirmClock)}</Button>
          )}
        </Fact>
        <Fact name={labels.storage}>
          {storage.usedBytes !== undefined && megabytes(storage.usedBytes)}
          {storage.quotaBytes !== undefined && ` / ${megabytes(storage.quotaBytes)}`}
        </Fact>
      </dl>
      {!storage.persisted && (
        <Banner
          tone="warn"
          action={<Button onClick={() => void handheld.askToPersist()}>{say(labels.keepData)}</Button>}
        >
          <strong>{say(sayings.notPersisted.title)}.</strong> {say(sayings.notPersisted.hint)}
        </Banner>
      )}
      <SealedMarks />
    </Panel>
  );
}

const Fact = ({
  name,
  children,
}: {
  readonly name: { readonly en: string; readonly de: string };
  readonly children: preact.ComponentChildren;
}): JSX.Element => (
  <div>
    <dt>{say(name)}</dt>
    <dd>{children}</dd>
  </div>
);

function Speech(): JSX.Element {
  return (
    <Panel title={say(labels.speech)}>
      <div class="form">
        <SelectField
          label={say(labels.language)}
          value={language.value}
          choices={staffLanguages.map((value) => ({ value, label: languageNames[value] }))}
          onValue={(value) => (language.value = value)}
        />
        <SelectField
          label={say(labels.visitorLanguage)}
          value={visitorLanguage.value}
          choices={languages.map((value) => ({
            value,
            label: directionOf(value) === 'rtl' ? `\u2067${languageNames[value]}\u2069` : languageNames[value],
          }))}
          onValue={(value) => (visitorLanguage.value = value)}
        />
        <CheckField
          label={say(labels.sound)}
          checked={sound.value === 'on'}
          onValue={(on) => (sound.value = on ? 'on' : 'off')}
        />
        <CheckField
          label={say(labels.vibration)}
          checked={vibration.value === 'on'}
          onValue={(on) => (vibration.value = on ? 'on' : 'off')}
        />
      </div>
    </Panel>
  );
}

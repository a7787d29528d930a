// What somebody has to do something about before, or while, people are let in; nothing while all is well.
import type { JSX } from 'preact';
import { rehearsalStaffText, type StaffSaying } from '@postern/shared';
import { Banner, Button, type Tone } from '@postern/shared/ui';
import type { RunningState } from '../core/handheld.ts';
import { labels, sayings } from './texts.ts';
import { language, say, usePage } from './page.ts';
import { newVersion, takeNewVersion } from './updates.ts';

interface Trouble {
  readonly tone: Tone;
  readonly saying: StaffSaying;
  readonly action?: JSX.Element;
}

const noListSaying = ({ feed, contact }: RunningState): StaffSaying => {
  if (feed.leaseEndedMs !== undefined) return sayings.leaseOver;
  return contact.inTouch ? sayings.listComes : sayings.noList;
};

export function Troubles({ running }: { readonly running: RunningState }): JSX.Element {
  const { handheld, duty } = usePage();
  const found: Trouble[] = [];
  const { storage, feed, clock, storeTrouble, rehearsal } = running;
  if (storage.room === 'full') found.push({ tone: 'bad', saying: sayings.storageFull });
  else if (storeTrouble !== undefined) found.push({ tone: 'bad', saying: sayings.storeTrouble });
  if (feed.version === undefined) found.push({ tone: 'bad', saying: noListSaying(running) });
  if (!clock.trusted) found.push({ tone: 'warn', saying: sayings.clockUntrusted });
  if (storage.room === 'nearly-full') found.push({ tone: 'warn', saying: sayings.storageNearlyFull });
  if (newVersion.value)
    found.push({
      tone: 'busy',
      saying: sayings.newVersion,
      action: <Button onClick={() => void takeNewVersion(handheld)}>{say(labels.update)}</Button>,
    });
  return (
    <div class="troubles">
      {rehearsal !== undefined && (
        <Banner
          tone="warn"
          role="status"
          action={
            rehearsal.of === 'gate' ? (
              <Button onClick={() => void duty.act({ type: 'leave-rehearsal' })}>{say(labels.leaveRehearsal)}</Button>
            ) : undefined
          }
        >
          <strong>{rehearsalStaffText(rehearsal.untilMs, language.value, handheld.policy()?.timeZone ?? 'UTC')}</strong>
        </Banner>
      )}
      {found.map(({ tone, saying, action }) => (
        <Banner key={saying.title.en} tone={tone} role={tone === 'bad' ? 'alert' : 'status'} action={action}>
          <strong>{say(saying.title)}.</strong> {saying.hint !== undefined && say(saying.hint)}
        </Banner>
      ))}
    </div>
  );
}

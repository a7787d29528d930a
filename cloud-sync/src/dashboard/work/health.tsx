// Whether the service answers and can be relied on, and what somebody has to see to soon, as monitoring is told it.
import { Banner, Panel } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useRepeated } from '../asking.ts';
import { say, type StaffTexts } from '../language.ts';
import { isOwnRelease, releaseOf } from '../release.ts';
import { labels } from './messages.ts';

const everyMs = 10_000;
interface Ready {
  readonly status: string;
  readonly warnings?: readonly string[];
}

/** Not by `ask`: what is not well answers 503 and is no problem of the request. */
async function readReady(): Promise<Ready> {
  try {
    const response = await fetch('/readyz');
    if (isOwnRelease(releaseOf(response))) return (await response.json()) as Ready;
  } catch {
    // No answer is an answer here.
  }
  return { status: 'unreachable' };
}

const words: Readonly<Record<string, StaffTexts>> = {
  ready: labels.healthy,
  stopping: labels.stopping,
  'database-unusable': labels.databaseUnusable,
  unreachable: labels.unreachable,
};

export function Health(): JSX.Element {
  const [ready, setReady] = useState<Ready>();
  const read = useCallback(async () => setReady(await readReady()), []);
  useEffect(() => void read(), [read]);
  useRepeated(everyMs, read);
  return (
    <Panel title={say(labels.health)}>
      {ready !== undefined && (
        <Banner tone={ready.status === 'ready' ? 'good' : 'bad'} role="status">
          {say(words[ready.status] ?? { en: ready.status, de: ready.status })}
        </Banner>
      )}
      {ready?.warnings?.map((warning) => (
        <Banner key={warning} tone="warn">
          {warning}
        </Banner>
      ))}
    </Panel>
  );
}

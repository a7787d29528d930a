// Whether the service answers and can be relied on, and what somebody has to see to soon, as monitoring is told it.
import { Banner, Panel } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { z } from 'zod';
import { useRepeated } from '../asking.ts';
import { say, type StaffTexts } from '../language.ts';
import { labels } from './messages.ts';

const everyMs = 10_000;
const readySchema = z.object({ status: z.string(), warnings: z.array(z.string()).default([]) });
type Ready = z.infer<typeof readySchema>;

/** Not by `ask`: what is not well answers 503 and is no problem of the request. */
async function readReady(): Promise<Ready> {
  try {
    const read = readySchema.safeParse(await (await fetch('/readyz')).json());
    if (read.success) return read.data;
  } catch {
    // No answer is an answer here.
  }
  return { status: 'unreachable', warnings: [] };
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
      {ready?.warnings.map((warning) => (
        <Banner key={warning} tone="warn">
          {warning}
        </Banner>
      ))}
    </Panel>
  );
}

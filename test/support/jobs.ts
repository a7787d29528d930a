// Background work run at once, as by somebody who asks for it.
import type { TestCloud } from './cloud.ts';

/** Runs one kind of background work to its end, as somebody who asks for it does; answers with what came of it. */
export async function runJob(
  { cloud }: Pick<TestCloud, 'cloud'>,
  kind: string,
): Promise<{ readonly state: string; readonly failure: string | undefined; readonly summary: string }> {
  const started = await cloud.jobs.start(kind, 0, {});
  if (!started.ok) throw new Error(`${kind}: ${started.error.type}`);
  await cloud.jobs.perform(started.value.id);
  const found = await cloud.jobs.find(started.value.id);
  if (!found.ok) throw new Error(found.error.type);
  const { state, failure, result } = found.value;
  return { state, failure, summary: result?.summary ?? '' };
}

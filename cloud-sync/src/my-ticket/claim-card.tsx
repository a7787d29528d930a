// A link was opened. Nothing is claimed before somebody says so: programs that look through mail open links, too.
import type { JSX } from 'preact';
import { labels } from './labels.ts';
import { isFinal, problemSaying } from './problems.ts';
import { sayings } from './sayings.ts';
import { claim, tickets as kept } from './my-tickets.ts';
import { usePage } from './page.ts';
import { Note } from './parts.tsx';

export function ClaimCard(): JSX.Element | null {
  const { tickets, language } = usePage();
  const now = claim.value;
  if (now === undefined) return null;
  const leave = (): void => void (claim.value = undefined);
  if (now.step === 'working') return <p class="waiting">{labels.working[language]}</p>;
  if (now.step === 'failed' && isFinal(now.problem ?? ''))
    return (
      <Note saying={problemSaying(now.problem ?? '')} tone="bad">
        <div class="buttons">
          <button type="button" onClick={leave}>
            {labels.close[language]}
          </button>
        </div>
      </Note>
    );
  const isHeld = now.step === 'held';
  const saying = isHeld ? sayings.held : now.step === 'failed' ? problemSaying(now.problem ?? '') : sayings.claim;
  const action = isHeld ? labels.move : now.step === 'failed' ? labels.again : labels.keepHere;
  return (
    <Note saying={saying} tone={now.step === 'failed' ? 'bad' : 'plain'}>
      <div class="buttons">
        <button type="button" class="main" onClick={() => void tickets.claimNow(isHeld)}>
          {action[language]}
        </button>
        {(isHeld || kept.value.length > 0) && (
          <button type="button" onClick={leave}>
            {labels.cancel[language]}
          </button>
        )}
      </div>
    </Note>
  );
}

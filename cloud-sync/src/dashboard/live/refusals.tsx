// Why people were refused, the most frequent reason first, in the words that staff at the gate read.
import { refusalCodes, stewardText, type LiveState, type RefusalCode } from '@postern/shared';
import { Button, Panel } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../format.ts';
import { language, say } from '../language.ts';
import { texts } from './texts.ts';

const shownAtFirst = 6;

export function Refusals({ shown }: { readonly shown: LiveState }): JSX.Element {
  const [all, setAll] = useState(false);
  const { refusals, timeZone } = shown;
  const most = Math.max(1, ...refusals.map((refusal) => refusal.count));
  const listed = all ? refusals : refusals.slice(0, shownAtFirst);
  return (
    <Panel title={say(texts.refusals)}>
      {refusals.length === 0 && <p class="muted">{say(texts.noRefusals)}</p>}
      <ul class="reasons">
        {listed.map((refusal) => (
          <li key={refusal.code}>
            <span>{reasonOf(refusal.code, timeZone)}</span>
            <span class="number">{count(refusal.count)}</span>
            <progress value={refusal.count} max={most} aria-hidden="true" />
          </li>
        ))}
      </ul>
      {refusals.length > listed.length && (
        <Button kind="quiet" onClick={() => setAll(true)}>
          {say(texts.showAll)}
        </Button>
      )}
    </Panel>
  );
}

/** The code itself where a newer gate has said one that this page does not know. */
function reasonOf(code: string, timeZone: string): string {
  const known = refusalCodes.find((candidate): candidate is RefusalCode => candidate === code);
  return known === undefined
    ? code
    : (stewardText(known, {}, { language: language.value, timeZone }).split(':')[0] ?? code);
}

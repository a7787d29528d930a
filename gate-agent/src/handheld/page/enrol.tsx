// Makes this phone a gate: the QR code of the dashboard in front of the camera, or the one-time code typed.
import type { JSX } from 'preact';
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { Banner, Button, TextField } from '@postern/shared/ui';
import type { Handheld } from '../core/handheld.ts';
import { CameraPane } from './scan.tsx';
import { labels, sayings } from './texts.ts';
import { say, usePage } from './page.ts';

/** `URL#CODE` as the QR code says it, or the code alone. */
const codePattern = /(?:^|#)([0-9A-Za-z]{4}-?[0-9A-Za-z]{4}-?[0-9A-Za-z]{4})$/;
export const enrolmentCodeOf = (text: string): string | undefined => codePattern.exec(text.trim())?.[1];

const joining = signal(false);
const problem = signal<string | undefined>(undefined);

/** Whatever a camera or a person gives while this phone is no gate. */
export async function enrolBy(handheld: Pick<Handheld, 'enrol'>, text: string): Promise<void> {
  const code = enrolmentCodeOf(text);
  if (joining.peek()) return;
  if (code === undefined) {
    problem.value = `${say(sayings.codeNotOne.title)}. ${say(sayings.codeNotOne.hint)}`;
    return;
  }
  joining.value = true;
  problem.value = undefined;
  const joined = await handheld.enrol(code);
  joining.value = false;
  if (!joined.ok) problem.value = 'message' in joined.error ? joined.error.message : say(sayings.storeTrouble.title);
}

export function Enrol(): JSX.Element {
  const { handheld } = usePage();
  const [code, setCode] = useState('');
  return (
    <main class="alone">
      <h1>{say(sayings.notEnrolled.title)}</h1>
      <p>{say(sayings.notEnrolled.hint)}</p>
      {problem.value !== undefined && (
        <Banner tone="bad" role="alert">
          {problem.value}
        </Banner>
      )}
      {joining.value ? (
        <Banner tone="busy" role="status">
          {say(sayings.joining.title)}
        </Banner>
      ) : (
        <>
          <CameraPane />
          <form
            class="type-code"
            onSubmit={(event) => {
              event.preventDefault();
              void enrolBy(handheld, code);
            }}
          >
            <TextField
              label={say(labels.enrolCode)}
              value={code}
              onValue={setCode}
              autocomplete="off"
              autocapitalize="characters"
              spellcheck={false}
              maxLength={300}
              placeholder="7K2Q-0M9T-XV4B"
            />
            <Button kind="primary" type="submit" disabled={code.trim() === ''}>
              {say(labels.enrol)}
            </Button>
          </form>
        </>
      )}
    </main>
  );
}

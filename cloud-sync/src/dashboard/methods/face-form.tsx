// What has to be said before anybody may enrol a face: the text that people agree to, where the impact assessment lies, and a least age.
import {
  languages,
  type EventResponse,
  type FaceSetup,
  type FaceSetupRequest,
  type FaceSetupResponse,
} from '@postern/shared';
import { AreaField, Panel, showToast, StatusMark, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { fill, say } from '../language.ts';
import { FormEnd } from '../parts/form.tsx';
import { languageName } from '../parts/language-field.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { labels, removals } from './messages.ts';
import { lackTexts } from './method-texts.ts';
import { RemoveButton } from './remove-button.tsx';

export function FaceForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/api/events/${event.event}/face`;
  const read = useAsked<FaceSetupResponse>(path);
  const isUnset = read.problem?.type === 'face-unset';
  const setup = isUnset ? undefined : read.value?.face;
  return (
    <Panel
      title={say(labels.face)}
      actions={setup !== undefined && <RemoveButton path={path} texts={removals.face} onRemoved={read.reload} />}
    >
      <p class="muted">{say(labels.faceExplained)}</p>
      {!isUnset && <ProblemBanner problem={read.problem} onAgain={() => void read.reload()} />}
      {setup !== undefined && <Missing event={event} setup={setup} />}
      {(isUnset || setup !== undefined) && (
        <Fields key={String(isUnset)} path={path} setup={setup} onSaved={read.reload} />
      )}
    </Panel>
  );
}

const Missing = ({ event, setup }: { readonly event: EventResponse; readonly setup: FaceSetup }): JSX.Element =>
  setup.missing.length === 0 ? (
    <StatusMark tone="good">{say(labels.nothingMissing)}</StatusMark>
  ) : (
    <div class="lacks">
      <StatusMark tone="warn">{say(labels.missing)}</StatusMark>
      <ul>
        {setup.missing.map((lack) => (
          <li key={lack}>
            {say(lackTexts[lack])}
            {lack === 'end' && (
              <>
                {': '}
                <a href={addressOf({ event: event.event, section: 'rules', rest: ['times'] })}>{say(labels.toTimes)}</a>
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );

function Fields({
  path,
  setup,
  onSaved,
}: {
  readonly path: string;
  readonly setup: FaceSetup | undefined;
  readonly onSaved: () => Promise<void>;
}): JSX.Element {
  const [version, setVersion] = useState(setup?.consent?.version ?? '1');
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(setup?.consent?.texts ?? {});
  const [dpia, setDpia] = useState(setup?.dpia ?? '');
  const [ageMin, setAgeMin] = useState(String(setup?.ageMin ?? ''));
  const [keepHours, setKeepHours] = useState(String(setup?.keepHours ?? 24));
  const [lookS, setLookS] = useState(String(setup?.lookS ?? 10));
  const [distanceMax, setDistanceMax] = useState(String(setup?.distanceMax ?? 0.45));
  const said = Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim() !== ''));
  const sending = useSubmit(async () => {
    const body: FaceSetupRequest = {
      ...(Object.keys(said).length === 0 ? {} : { consent: { version, texts: said } }),
      ...(dpia.trim() === '' ? {} : { dpia }),
      ...(ageMin === '' ? {} : { ageMin: Number(ageMin) }),
      keepHours: Number(keepHours),
      lookS: Number(lookS),
      distanceMax: Number(distanceMax),
    };
    const answer = await ask<FaceSetupResponse>('PUT', path, { body });
    if (!answer.ok) return answer.error;
    showToast('good', say(labels.saved));
    await onSaved();
    return undefined;
  });
  // Those of visitors, and whatever else has a text.
  const shown = [...new Set<string>([...languages, ...Object.keys(texts)])];
  return (
    <form class="field-grid" onSubmit={sending.submit}>
      {shown.map((tag) => (
        <AreaField
          key={tag}
          label={fill(labels.consentText, { language: languageName(tag) })}
          lang={tag}
          dir="auto"
          rows={4}
          maxLength={2_000}
          value={texts[tag] ?? ''}
          onValue={(text) => setTexts((before) => ({ ...before, [tag]: text }))}
        />
      ))}
      <TextField
        label={say(labels.consentVersion)}
        hint={say(labels.consentVersionHint)}
        pattern="[A-Za-z0-9._\-]{1,40}"
        required
        value={version}
        onValue={setVersion}
      />
      <TextField label={say(labels.dpia)} dir="auto" maxLength={200} value={dpia} onValue={setDpia} />
      <TextField label={say(labels.ageMin)} type="number" min={13} max={99} value={ageMin} onValue={setAgeMin} />
      <TextField
        label={say(labels.keepHours)}
        type="number"
        min={0}
        max={720}
        required
        value={keepHours}
        onValue={setKeepHours}
      />
      <TextField label={say(labels.lookS)} type="number" min={2} max={60} required value={lookS} onValue={setLookS} />
      <TextField
        label={say(labels.distanceMax)}
        type="number"
        min={0.2}
        max={0.7}
        step={0.01}
        required
        value={distanceMax}
        onValue={setDistanceMax}
      />
      <FormEnd sending={sending} act={say(labels.save)} />
    </form>
  );
}

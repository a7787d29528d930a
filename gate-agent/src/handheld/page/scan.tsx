// The first view: the camera's picture with a frame to hold codes into, its torch and the choice of cameras, wristbands where the phone reads
// them, and a field for whoever has to type a code.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { StaffSaying } from '@postern/shared';
import { Button, EmptyState, SelectField, TextField } from '@postern/shared/ui';
import { unlockSound } from './feedback.ts';
import { labels, sayings } from './texts.ts';
import { say, usePage } from './page.ts';
import { startTags, stopTags, tagsState } from './tags.ts';

const trouble: Readonly<Record<'off' | 'starting' | 'denied' | 'missing' | 'failed', StaffSaying>> = {
  off: sayings.cameraOff,
  starting: sayings.cameraStarting,
  denied: sayings.cameraDenied,
  missing: sayings.cameraMissing,
  failed: sayings.cameraFailed,
};

export function Scan(): JSX.Element {
  return (
    <div class="scan">
      <CameraPane />
      <TypeCode />
    </div>
  );
}

/** Also for the code of an enrolment. */
export function CameraPane(): JSX.Element {
  const { camera } = usePage();
  const state = camera.state.value;
  if (state.phase !== 'on')
    return (
      <div class="viewfinder empty">
        <EmptyState
          title={say(trouble[state.phase].title)}
          action={
            state.phase === 'starting' ? undefined : (
              <Button
                kind="primary"
                class="large"
                onClick={() => {
                  unlockSound();
                  void camera.start();
                }}
              >
                {say(state.phase === 'off' ? labels.cameraOn : labels.tryAgain)}
              </Button>
            )
          }
        >
          {trouble[state.phase].hint !== undefined && (
            <p>{say(trouble[state.phase].hint ?? sayings.cameraOff.title)}</p>
          )}
        </EmptyState>
      </div>
    );
  return (
    <>
      <Viewfinder />
      <div class="controls">
        {state.torch !== undefined && (
          <Button aria-pressed={state.torch} onClick={() => void camera.setTorch(!(state.torch ?? false))}>
            {say(labels.torch)}
          </Button>
        )}
        {state.devices.length > 1 && (
          <SelectField
            label={say(labels.camera)}
            value={state.device}
            choices={state.devices.map(({ id, label }, index) => ({
              value: id,
              label: label === '' ? `${say(labels.camera)} ${index + 1}` : label,
            }))}
            onValue={(device) => void camera.start(device)}
          />
        )}
        <Button onClick={camera.stop}>{say(labels.cameraOff)}</Button>
        <Tags />
      </div>
    </>
  );
}

function Viewfinder(): JSX.Element {
  const { camera } = usePage();
  const video = useRef<HTMLVideoElement>(null);
  const stream = camera.stream.value;
  useEffect(() => {
    const shown = video.current;
    if (shown === null) return;
    shown.srcObject = stream ?? null;
    // Interrupted when the camera is changed before it has begun.
    if (stream !== undefined) shown.play().catch(() => undefined);
  }, [stream]);
  return (
    <div class="viewfinder">
      <video ref={video} muted playsInline aria-label={say(labels.cameraView)} />
      <div class="frame" aria-hidden="true" />
      <p class="words">
        <strong>{say(sayings.scanning.title)}</strong>
        <span>{say(sayings.scanning.hint)}</span>
      </p>
    </div>
  );
}

function Tags(): JSX.Element | null {
  const { seenTag } = usePage();
  const state = tagsState.value;
  if (state === 'absent') return null;
  return (
    <>
      <Button aria-pressed={state === 'on'} onClick={() => (state === 'on' ? stopTags() : void startTags(seenTag))}>
        {say(state === 'on' ? labels.tagsOn : labels.tags)}
      </Button>
      {state === 'denied' && (
        <p role="alert">
          <strong>{say(sayings.tagsDenied.title)}.</strong> {say(sayings.tagsDenied.hint)}
        </p>
      )}
    </>
  );
}

function TypeCode(): JSX.Element {
  const { typed } = usePage();
  const [code, setCode] = useState('');
  return (
    <form
      class="type-code"
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim() === '') return;
        typed(code.trim());
        setCode('');
      }}
    >
      <TextField
        label={say(labels.typeCode)}
        value={code}
        onValue={setCode}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        maxLength={2_048}
        enterkeyhint="go"
      />
      <Button type="submit">{say(labels.check)}</Button>
    </form>
  );
}

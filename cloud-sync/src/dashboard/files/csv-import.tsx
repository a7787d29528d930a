// Imports a table: somebody chooses a file, sees its first rows and what each column was taken for, has the cloud check all of it, and lets it in.
// Nothing of what was chosen goes away when the session ends in between. An import under way is shown again to whoever comes back.
import type { EventResponse, JobPage } from '@postern/shared';
import { Banner, Button, Panel } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { say } from '../language.ts';
import { ImportRun } from './import-run.tsx';
import { ImportSetup } from './import-setup.tsx';
import { labels, previewTexts } from './messages.ts';
import { previewBytesMax, readPreview, type Preview, type PreviewProblem } from './preview.ts';

export interface ChosenFile {
  readonly file: File;
  readonly preview: Preview;
}

export function CsvImport({
  event,
  onStarted,
}: {
  readonly event: EventResponse;
  readonly onStarted?: () => void;
}): JSX.Element {
  const [chosen, setChosen] = useState<ChosenFile>();
  const [wrong, setWrong] = useState<PreviewProblem['type']>();
  const [run, setRun] = useState<string>();
  useEffect(() => {
    void findRunning(event.event).then((running) => running !== undefined && setRun(running));
  }, [event.event]);
  const choose = async (file: File): Promise<void> => {
    const bytes = new Uint8Array(await file.slice(0, previewBytesMax).arrayBuffer());
    const preview = readPreview(bytes, file.size <= previewBytesMax);
    setWrong(preview.ok ? undefined : preview.error.type);
    setChosen(preview.ok ? { file, preview: preview.value } : undefined);
  };
  return (
    <Panel title={say(labels.csv)} class="csv-import">
      {run === undefined ? (
        <>
          {wrong !== undefined && (
            <Banner tone="bad" role="alert">
              {say(previewTexts[wrong])}
            </Banner>
          )}
          {chosen === undefined ? (
            <FileDrop onFile={(file) => void choose(file)} />
          ) : (
            <ImportSetup
              key={`${chosen.file.name} ${chosen.file.size} ${chosen.file.lastModified}`}
              event={event}
              chosen={chosen}
              onAnother={() => setChosen(undefined)}
              onStarted={(started) => {
                setRun(started);
                onStarted?.();
              }}
            />
          )}
        </>
      ) : (
        <ImportRun
          event={event}
          run={run}
          onEnded={() => void readEvents()}
          onAnother={() => {
            setRun(undefined);
            setChosen(undefined);
          }}
        />
      )}
    </Panel>
  );
}

/** The import of this event that is under way. */
async function findRunning(event: number): Promise<string | undefined> {
  for (const state of ['running', 'waiting']) {
    const read = await ask<JobPage>('GET', `/api/events/${event}/jobs?kind=ticket-import&state=${state}&limit=1`);
    const found = read.ok ? read.value.runs[0] : undefined;
    if (found !== undefined) return found.id;
  }
  return undefined;
}

/** A place that takes a file by dragging, by a press or by the keyboard. */
function FileDrop({ onFile }: { readonly onFile: (file: File) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      class={over ? 'file-drop over' : 'file-drop'}
      onDragOver={(drag) => {
        drag.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(drop) => {
        drop.preventDefault();
        setOver(false);
        const file = drop.dataTransfer?.files[0];
        if (file !== undefined) onFile(file);
      }}
    >
      <p>
        <Button kind="primary" onClick={() => input.current?.click()}>
          {say(labels.choose)}
        </Button>{' '}
        {say(labels.drop)}
      </p>
      <input
        ref={input}
        class="unseen"
        type="file"
        tabIndex={-1}
        aria-label={say(labels.choose)}
        accept=".csv,.tsv,.txt,text/csv,text/plain,text/tab-separated-values"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file !== undefined) onFile(file);
          currentTarget.value = '';
        }}
      />
      <p class="muted">{say(labels.dropHint)}</p>
    </div>
  );
}

// What a chosen file is: its columns, its ticket types, and how the cloud finds it before anything is let in.
import {
  ticketColumns,
  type EventResponse,
  type Problem,
  type TicketColumn,
  type TicketFileReport,
  type JobRun,
} from '@postern/shared';
import { Banner, Button, CheckField, Progress, SelectField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { bytes, count } from '../format.ts';
import { fill, say } from '../language.ts';
import { Name } from '../parts/names.tsx';
import { ProblemBanner } from '../parts/problem.tsx';
import type { ChosenFile } from './csv-import.tsx';
import { columnTexts, delimiterTexts, labels } from './messages.ts';
import {
  chooseColumn,
  columnsOf,
  hasCode,
  importQuery,
  repeatedHeaders,
  unknownTypeNames,
  type ChosenColumns,
  type Preview,
} from './preview.ts';
import { ReportView } from './report.tsx';

export interface ImportSetupProps {
  readonly event: EventResponse;
  readonly chosen: ChosenFile;
  readonly onAnother: () => void;
  readonly onStarted: (run: string) => void;
}

type Dates = 'dmy' | 'mdy' | '';

export function ImportSetup({ event, chosen: { file, preview }, onAnother, onStarted }: ImportSetupProps): JSX.Element {
  const [chosen, setChosen] = useState<ChosenColumns>({});
  const [types, setTypes] = useState<Readonly<Record<string, number>>>({});
  const [defaultType, setDefaultType] = useState(
    event.policy.types.length === 1 ? String(event.policy.types[0]?.id) : '',
  );
  const [dates, setDates] = useState<Dates>('');
  const [reinstates, setReinstates] = useState(false);
  const [busy, setBusy] = useState<'check' | 'run'>();
  const [report, setReport] = useState<TicketFileReport>();
  const [problem, setProblem] = useState<Problem>();
  const columns = columnsOf(preview, chosen);
  const repeated = [...repeatedHeaders(preview)];
  const typeChoices = event.policy.types.map(({ id, name }) => ({ value: String(id), label: name }));
  /** What the cloud has said is about the choice as it was. */
  const change = (work: () => void): void => {
    work();
    setReport(undefined);
    setProblem(undefined);
  };
  const address = (dryRun: boolean): string =>
    `/api/events/${event.event}/tickets/import?${importQuery(
      {
        chosen,
        types,
        defaultType: defaultType === '' ? undefined : Number(defaultType),
        dates: dates === '' ? undefined : dates,
        reinstates,
      },
      dryRun,
    )}`;
  const csv = { body: file, headers: { 'Content-Type': 'text/csv' } };
  const check = async (): Promise<void> => {
    setBusy('check');
    const answer = await ask<TicketFileReport>('POST', address(true), csv);
    setBusy(undefined);
    setProblem(answer.ok ? undefined : answer.error);
    setReport(answer.ok ? answer.value : undefined);
  };
  const run = async (): Promise<void> => {
    setBusy('run');
    const answer = await ask<JobRun>('POST', address(false), csv);
    setBusy(undefined);
    if (answer.ok) onStarted(answer.value.id);
    else setProblem(answer.error);
  };
  const changes = report === undefined ? 0 : report.created + report.changed;
  return (
    <div class="import-setup">
      <header class="file-name">
        <h3>
          <Name>{file.name}</Name> <small>{bytes(file.size)}</small>
        </h3>
        <Button kind="quiet" onClick={onAnother}>
          {say(labels.another)}
        </Button>
      </header>
      <PreviewTable
        preview={preview}
        columns={columns}
        onColumn={(index, column) => change(() => setChosen(chooseColumn(preview, chosen, index, column)))}
      />
      {!hasCode(columns) && <Banner tone="warn">{say(labels.needsCode)}</Banner>}
      {repeated.length > 0 && <Banner tone="warn">{fill(labels.repeated, { names: repeated.join('”, “') })}</Banner>}
      <TypeNames
        names={unknownTypeNames(preview, columns, event.policy.types)}
        choices={typeChoices}
        types={types}
        onTypes={(next) => change(() => setTypes(next))}
      />
      <div class="field-grid">
        <SelectField
          label={say(labels.defaultType)}
          value={defaultType}
          choices={[{ value: '', label: say(labels.noDefault) }, ...typeChoices]}
          onValue={(value) => change(() => setDefaultType(value))}
        />
        {(columns.includes('validFrom') || columns.includes('validUntil')) && (
          <SelectField<Dates>
            label={say(labels.dates)}
            value={dates}
            choices={[
              { value: '', label: say(labels.datesNone) },
              { value: 'dmy', label: say(labels.dmy) },
              { value: 'mdy', label: say(labels.mdy) },
            ]}
            onValue={(value) => change(() => setDates(value))}
          />
        )}
        <CheckField
          label={say(labels.reinstate)}
          hint={say(labels.reinstateHint)}
          checked={reinstates}
          onValue={(value) => change(() => setReinstates(value))}
        />
      </div>
      <ProblemBanner problem={problem} />
      {busy === 'check' && <Progress label={say(labels.checking)} />}
      {report !== undefined && <ReportView report={report} />}
      <p class="actions-row">
        <Button kind={changes > 0 ? 'plain' : 'primary'} busy={busy === 'check'} onClick={() => void check()}>
          {say(labels.check)}
        </Button>
        {changes > 0 && (
          <Button kind="primary" busy={busy === 'run'} onClick={() => void run()}>
            {fill(labels.run, { n: count(changes) })}
          </Button>
        )}
      </p>
    </div>
  );
}

function PreviewTable({
  preview,
  columns,
  onColumn,
}: {
  readonly preview: Preview;
  readonly columns: readonly (TicketColumn | undefined)[];
  readonly onColumn: (index: number, column: TicketColumn | undefined) => void;
}): JSX.Element {
  const delimiter = delimiterTexts[preview.delimiter];
  return (
    <div class="table-frame preview" role="region" aria-label={say(labels.preview)} tabIndex={0}>
      <table>
        <caption>
          {say(labels.preview)}{' '}
          <small>
            {fill(labels.readAs, {
              encoding: preview.encoding,
              delimiter: delimiter === undefined ? preview.delimiter : say(delimiter),
            })}
          </small>
        </caption>
        <thead>
          <tr>
            {preview.header.map((name, index) => (
              <th key={index} scope="col">
                <label>
                  <span class="column-name">
                    <Name>{name === '' ? '—' : name}</Name>
                  </span>
                  <select
                    class="input"
                    aria-label={fill(labels.is, { header: name })}
                    value={columns[index] ?? ''}
                    onChange={({ currentTarget }) =>
                      onColumn(
                        index,
                        ticketColumns.find((column) => column === currentTarget.value),
                      )
                    }
                  >
                    <option value="">{say(labels.nothing)}</option>
                    {ticketColumns.map((column) => (
                      <option key={column} value={column}>
                        {say(columnTexts[column])}
                      </option>
                    ))}
                  </select>
                </label>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((cells, row) => (
            <tr key={row}>
              {preview.header.map((_name, index) => (
                <td key={index} class={columns[index] === undefined ? 'muted' : undefined}>
                  <Name>{cells[index] ?? ''}</Name>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TypeNames({
  names,
  choices,
  types,
  onTypes,
}: {
  readonly names: readonly string[];
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly types: Readonly<Record<string, number>>;
  readonly onTypes: (types: Readonly<Record<string, number>>) => void;
}): JSX.Element | null {
  if (names.length === 0) return null;
  return (
    <fieldset class="type-names">
      <legend>{say(labels.typeNames)}</legend>
      <p class="muted">{say(labels.typeNamesHint)}</p>
      <div class="field-grid">
        {names.map((name) => (
          <SelectField
            key={name}
            label={fill(labels.typeIs, { name })}
            value={String(types[name] ?? '')}
            choices={[{ value: '', label: say(labels.refuseType) }, ...choices]}
            onValue={(value) => {
              const { [name]: _before, ...others } = types;
              onTypes(value === '' ? others : { ...others, [name]: Number(value) });
            }}
          />
        ))}
      </div>
    </fieldset>
  );
}

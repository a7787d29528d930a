// What an import has done or would do: how many of what, and the rows that it refuses.
import type { TicketFileReport } from '@postern/shared';
import { Banner, Table } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { count } from '../format.ts';
import { fill, say } from '../language.ts';
import { Name } from '../parts/names.tsx';
import { labels } from './messages.ts';

export interface ReportViewProps {
  readonly report: TicketFileReport;
  /** Somebody has stopped it, and is told so: that it is incomplete is no surprise. */
  readonly stopped?: boolean;
}

export function ReportView({ report, stopped = false }: ReportViewProps): JSX.Element {
  const { dryRun, rows, created, changed, unchanged, refused, unused, errors, complete } = report;
  const counts = {
    rows: count(rows),
    created: count(created),
    changed: count(changed),
    unchanged: count(unchanged),
    refused: count(refused),
  };
  return (
    <div class="import-report" data-dry-run={dryRun}>
      <Banner tone={refused > 0 || !complete ? 'warn' : 'good'} role="status">
        {fill(dryRun ? labels.checked : labels.imported, counts)}
        {dryRun && created + changed === 0 && ` ${say(labels.nothingToDo)}`}
      </Banner>
      {!complete && !stopped && <Banner tone="bad">{say(labels.incomplete)}</Banner>}
      {unused.length > 0 && (
        <p class="muted">
          <Name>{fill(labels.unused, { names: unused.join(', ') })}</Name>
        </p>
      )}
      {errors.length > 0 && (
        <>
          <Table
            caption={say(labels.errors)}
            columns={[
              {
                title: say(labels.row),
                number: true,
                heads: true,
                cell: ({ row, line }) => (line === undefined || line === row ? row : `${row} (${line})`),
              },
              { title: say(labels.problem), cell: ({ problem }) => <Name>{problem}</Name> },
            ]}
            rows={errors}
            rowKey={({ row, problem }) => `${row} ${problem}`}
            empty={say(labels.noErrors)}
          />
          <p class="muted">
            {refused > errors.length &&
              `${fill(labels.errorsShown, { shown: count(errors.length), all: count(refused) })} `}
            {say(labels.rowsFrom)}
          </p>
        </>
      )}
    </div>
  );
}

// A list that comes page by page: what went wrong, the rows so far, and the way to more of them.
import { Table, type TableProps } from '@postern/shared/ui';
import type { JSX } from 'preact';
import type { Pages } from '../asking.ts';
import { say } from '../language.ts';
import { ProblemBanner } from './problem.tsx';

const more = { en: 'Show more', de: 'Mehr zeigen' };

export interface PagedTableProps<Row> extends Omit<TableProps<Row>, 'rows' | 'more'> {
  readonly pages: Pages<Row>;
}

/** Nothing but a problem before the first page has come. */
export const PagedTable = <Row,>({ pages, ...table }: PagedTableProps<Row>): JSX.Element => (
  <>
    <ProblemBanner problem={pages.problem} onAgain={() => void pages.reload()} />
    {pages.items !== undefined && <Table {...table} rows={pages.items} more={moreOf(pages)} />}
  </>
);

/** The button below a table of pages. */
export const moreOf = <Row,>({ more: onMore, busy }: Pages<Row>): TableProps<Row>['more'] =>
  onMore && { label: say(more), busy, onMore };

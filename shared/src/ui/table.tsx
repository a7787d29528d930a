// A table that says what it is, what it holds when it is empty, and that there is more; on a narrow screen it scrolls in its own frame.
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Button } from './button.tsx';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Its cells are numbers: they stand one below the other. */
  readonly number?: boolean;
  /** Its cells name the rows. */
  readonly heads?: boolean;
}

export interface TableProps<Row> {
  readonly caption: string;
  /** The heading above says it already. */
  readonly captionUnseen?: boolean;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string | number;
  readonly empty: ComponentChildren;
  /** The next page, where there is one. */
  readonly more?: { readonly label: string; readonly busy?: boolean; readonly onMore: () => void } | undefined;
}

export function Table<Row>({
  caption,
  captionUnseen = false,
  columns,
  rows,
  rowKey,
  empty,
  more,
}: TableProps<Row>): JSX.Element {
  const captionId = useId();
  return (
    // It can be scrolled, so that the keyboard must reach it.
    <div class="table-frame" role="region" aria-labelledby={captionId} tabIndex={0}>
      <table>
        <caption>
          <span id={captionId} class={captionUnseen ? 'unseen' : undefined}>
            {caption}
          </span>
        </caption>
        <thead>
          <tr>
            {columns.map(({ title, number }) => (
              <th key={title} scope="col" class={number === true ? 'number' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ title, cell, number, heads }) =>
                heads === true ? (
                  <th key={title} scope="row" class={number === true ? 'number' : undefined}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} class={number === true ? 'number' : undefined}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="empty">{empty}</p>}
      {more !== undefined && (
        <p class="more">
          <Button kind="quiet" busy={more.busy ?? false} onClick={more.onMore}>
            {more.label}
          </Button>
        </p>
      )}
    </div>
  );
}

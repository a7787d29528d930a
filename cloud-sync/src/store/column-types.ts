// Columns as the tables of schema*.ts describe them.
import type { ColumnType } from 'kysely';

/** A column that is set at insert and never changed. */
export type Fixed<T> = ColumnType<T, T, never>;
/** A column that an insert may leave to its default. */
export type WithDefault<T> = ColumnType<T, T | undefined, T>;

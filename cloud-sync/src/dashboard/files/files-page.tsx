// The section as a whole: import of tables, pretix, export.
import type { JSX } from 'preact';
import { say } from '../language.ts';
import type { EventSectionProps } from '../section.tsx';
import { CsvImport } from './csv-import.tsx';
import { Export } from './export.tsx';
import { labels } from './messages.ts';
import { Pretix } from './pretix.tsx';
import '../parts/forms.css';
import './files.css';

export const FilesPage = ({ event }: EventSectionProps): JSX.Element => (
  <>
    <h1>{say(labels.title)}</h1>
    <CsvImport event={event} />
    <Pretix event={event} />
    <Export event={event} />
  </>
);

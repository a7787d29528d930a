// The section as a whole: one part at a time, each with an address of its own.
import type { EventResponse } from '@postern/shared';
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { readEvents } from '../events.ts';
import { say, type StaffTexts } from '../language.ts';
import { Tabs } from '../parts/tabs.tsx';
import type { EventSectionProps } from '../section.tsx';
import { DeadlinesForm } from './deadlines-form.tsx';
import { EventForm } from './event-form.tsx';
import { FaceForm } from './face-form.tsx';
import { labels } from './messages.ts';
import { MethodList } from './method-list.tsx';
import { PositionsForm } from './positions-form.tsx';
import { TokensForm } from './tokens-form.tsx';
import { TypesForm } from './types-form.tsx';
import { ZonesForm } from './zones-form.tsx';
import '../parts/forms.css';
import './rules.css';

const parts: readonly {
  readonly id: string;
  readonly title: StaffTexts;
  readonly render: ComponentType<{ readonly event: EventResponse }>;
}[] = [
  { id: 'methods', title: labels.methods, render: MethodList },
  { id: 'types', title: labels.types, render: TypesForm },
  { id: 'zones', title: labels.zones, render: ZonesForm },
  { id: 'event', title: labels.event, render: EventForm },
  { id: 'times', title: labels.times, render: DeadlinesForm },
  { id: 'face', title: labels.face, render: FaceForm },
  { id: 'positions', title: labels.positions, render: PositionsForm },
  { id: 'tokens', title: labels.tokens, render: TokensForm },
];

export function RulesPage({ event, rest }: EventSectionProps): JSX.Element {
  const [isFresh, setIsFresh] = useState(false);
  // Forms begin with the rules as they are now: pretix, another tab and other people change them too.
  useEffect(() => void readEvents().then(() => setIsFresh(true)), []);
  const shown = parts.find(({ id }) => id === rest[0]) ?? parts[0];
  return (
    <>
      <h1>{say(labels.title)}</h1>
      <Tabs
        label={say(labels.title)}
        event={event.event}
        section="rules"
        tabs={parts.map(({ id, title }) => ({ id, title: say(title) }))}
        shown={shown?.id ?? ''}
      />
      {isFresh && shown !== undefined && <shown.render key={shown.id} event={event} />}
    </>
  );
}

// Who works at an event: with an account at the dashboard, or with card and PIN at the gates.
import type { JSX } from 'preact';
import { say } from '../language.ts';
import type { EventSectionProps } from '../section.tsx';
import { labels } from './messages.ts';
import { Members } from './members.tsx';
import { StaffList } from './staff-list.tsx';

export const EventPeople = ({ event, me }: EventSectionProps): JSX.Element => (
  <>
    <div class="page-head">
      <h1>{say(labels.people)}</h1>
    </div>
    <StaffList event={event} />
    <Members event={event} me={me} />
  </>
);

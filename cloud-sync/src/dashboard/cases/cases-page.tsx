// The parts of the section, each under an address of its own; one case has one too.
import type { JSX } from 'preact';
import { say } from '../language.ts';
import { Tabs } from '../parts/tabs.tsx';
import { rolesOf, type EventSectionProps } from '../section.tsx';
import { Aside } from './aside.tsx';
import { BandConflicts } from './band-conflicts.tsx';
import { CaseList } from './case-list.tsx';
import { CasePage } from './case-page.tsx';
import { labels } from './messages.ts';
import { Suspicions } from './suspicions.tsx';
import './cases.css';

const parts = ['', 'suspicious', 'bands', 'aside'] as const;
type Part = (typeof parts)[number];

export function CasesPage({ event, rest, me }: EventSectionProps): JSX.Element {
  const [first = '', second] = rest;
  const roles = rolesOf(me, event.event);
  const oversees = roles.some((role) => role !== 'steward');
  const manages = roles.some((role) => role === 'organiser' || role === 'admin');
  if (first === 'case' && second !== undefined)
    return <CasePage key={second} event={event} id={second} mayWork={oversees} />;
  const part: Part = oversees ? (parts.find((one) => one === first) ?? '') : '';
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
      </div>
      {oversees && (
        <Tabs
          label={say(labels.title)}
          event={event.event}
          section="cases"
          shown={part}
          tabs={[
            { id: '', title: say(labels.cases) },
            { id: 'suspicious', title: say(labels.suspicions) },
            { id: 'bands', title: say(labels.bands) },
            { id: 'aside', title: say(labels.aside) },
          ]}
        />
      )}
      {part === '' && <CaseList event={event} />}
      {part === 'suspicious' && <Suspicions event={event} mayRule={manages} />}
      {part === 'bands' && <BandConflicts event={event} />}
      {part === 'aside' && <Aside event={event} mayRelease={manages} />}
    </>
  );
}

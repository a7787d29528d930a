// Every section of the dashboard, in the order of the navigation.
import { accountSection } from './account/section.tsx';
import { auditSection, wholeAuditSection } from './audit/section.tsx';
import { casesSection } from './cases/section.tsx';
import { filesSection } from './files/section.tsx';
import { firstRunSection } from './first-run/section.tsx';
import { gatesSection } from './gates/section.tsx';
import { keysSection } from './keys/section.tsx';
import { liveSection } from './live/section.tsx';
import { rulesSection } from './methods/section.tsx';
import { ordersSection } from './orders/section.tsx';
import { peopleSection, programsSection, usersSection } from './people/section.tsx';
import { rehearsalSection } from './rehearsal/section.tsx';
import type { Section } from './section.tsx';
import { ticketsSection } from './tickets/section.tsx';
import { webhooksSection } from './webhooks/section.tsx';
import { eventWorkSection, workSection } from './work/section.tsx';

export const sections: readonly Section[] = [
  liveSection,
  ticketsSection,
  gatesSection,
  casesSection,
  ordersSection,
  peopleSection,
  rehearsalSection,
  filesSection,
  rulesSection,
  webhooksSection,
  eventWorkSection,
  auditSection,
  firstRunSection,
  usersSection,
  programsSection,
  keysSection,
  workSection,
  wholeAuditSection,
  accountSection,
];

// Every section of the dashboard, in the order of the navigation.
import { casesSection } from './cases/section.tsx';
import { filesSection } from './files/section.tsx';
import { firstRunSection } from './first-run/section.tsx';
import { gatesSection } from './gates/section.tsx';
import { liveSection } from './live/section.tsx';
import { ordersSection } from './orders/section.tsx';
import { rulesSection } from './methods/section.tsx';
import type { Section } from './section.tsx';
import { ticketsSection } from './tickets/section.tsx';

export const sections: readonly Section[] = [
  liveSection,
  ticketsSection,
  gatesSection,
  casesSection,
  ordersSection,
  filesSection,
  rulesSection,
  firstRunSection,
];

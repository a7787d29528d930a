// Every section of the dashboard, in the order of the navigation.
import { casesSection } from './cases/section.tsx';
import { gatesSection } from './gates/section.tsx';
import { liveSection } from './live/section.tsx';
import { ordersSection } from './orders/section.tsx';
import type { Section } from './section.tsx';

export const sections: readonly Section[] = [liveSection, gatesSection, casesSection, ordersSection];

// Every section of the dashboard, in the order of the navigation.
import { liveSection } from './live/section.tsx';
import type { Section } from './section.tsx';

export const sections: readonly Section[] = [liveSection];

// The place in the address says what is shown: all gates, a new one, or one of them.
import type { JSX } from 'preact';
import type { EventSectionProps } from '../section.tsx';
import { go } from '../route.ts';
import { EnrolGate } from './enrol-gate.tsx';
import { GatePage } from './gate-page.tsx';
import { GateList } from './gate-list.tsx';
import { newPlace } from './places.ts';
import '../parts/forms.css';
import './gates.css';

export function Gates({ event, rest, me }: EventSectionProps): JSX.Element {
  const [gate] = rest;
  const back = (): void => go({ event: event.event, section: 'gates' });
  if (gate === newPlace) return <EnrolGate event={event} onDone={back} />;
  if (gate !== undefined) return <GatePage key={gate} event={event} gate={gate} me={me} />;
  return <GateList event={event} me={me} />;
}

// Names of gates and tickets, as the live page writes them.
import type { LiveState } from '@postern/shared';
import { say } from '../language.ts';
import { texts } from './texts.ts';

export const gateName = ({ gates }: Pick<LiveState, 'gates'>, id: string): string =>
  gates.find((gate) => gate.id === id)?.name ?? id;

/** The end of a ticket's id: enough to tell two apart on a screen. */
export const ticketLabel = (id: string): string => (id === '' ? say(texts.noTicket) : `…${id.slice(-4)}`);

// Names of gates and tickets, and how sure a clock is, as the live page writes them.
import type { LiveState } from '@postern/shared';
import { say } from '../language.ts';
import { texts } from './texts.ts';

/** `±0.1 s`. */
export const uncertainty = (ms: number): string =>
  ms < 10_000 ? `±${(Math.max(ms, 100) / 1_000).toFixed(1)} s` : `±${Math.round(ms / 1_000)} s`;

export const gateName = ({ gates }: Pick<LiveState, 'gates'>, id: string): string =>
  gates.find((gate) => gate.id === id)?.name ?? id;

/** The end of a ticket's id: enough to tell two apart on a screen. */
export const ticketLabel = (id: string): string => (id === '' ? say(texts.noTicket) : `…${id.slice(-4)}`);

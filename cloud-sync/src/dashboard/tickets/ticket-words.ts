// How tickets are named on screens, and who may change them.
import type { AdmissionPolicy, TicketList, TicketResponse, TicketStory, UserView } from '@postern/shared';
import type { Tone } from '@postern/shared/ui';
import { rolesOf } from '../section.tsx';

export type ShownStatus = TicketList['tickets'][number]['status'];

export const statusTone: Readonly<Record<ShownStatus, Tone>> = {
  valid: 'good',
  used: 'busy',
  unpaid: 'warn',
  revoked: 'bad',
  blocked: 'bad',
};

export const typeName = ({ types }: Pick<AdmissionPolicy, 'types'>, type: number): string =>
  types.find(({ id }) => id === type)?.name ?? `#${type}`;

/** For questions: the holder's name, else the end of the ticket's id. */
export const ticketName = ({ id, holder }: Pick<TicketResponse, 'id' | 'holder'>): string =>
  holder?.name ?? `…${id.slice(-6)}`;

/** In the middle of a sentence, which goes on in its own direction behind it. */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

/** Whether somebody at a gate or here has blocked the codes that it has now: no change of the ticket, a mark in its story. */
export const isDenied = ({ steps, epoch }: Pick<TicketStory, 'steps' | 'epoch'>): boolean =>
  steps.some(
    (step) =>
      step.type === 'mark' &&
      step.mark.kind === 'denied' &&
      step.mark.rehearsal !== true &&
      (step.mark.epoch ?? 0) >= epoch,
  );

/** The cloud refuses all others; they find no buttons for it. */
export const mayManage = (me: UserView, event: number): boolean =>
  rolesOf(me, event).some((role) => role === 'admin' || role === 'organiser');

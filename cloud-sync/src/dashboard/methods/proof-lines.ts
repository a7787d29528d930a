// Combinations of proofs as somebody types them: a line each, members joined by "+".
import type { TicketType } from '@postern/shared';

export type Proofs = TicketType['proofs'];

export const writeProofs = (proofs: Proofs): string => proofs.map((members) => members.join(' + ')).join('\n');

export const readProofs = (text: string): Proofs =>
  text
    .split('\n')
    .map((line) =>
      line
        .split('+')
        .map((member) => member.trim().toLowerCase())
        .filter((member) => member !== ''),
    )
    .filter((members) => members.length > 0);

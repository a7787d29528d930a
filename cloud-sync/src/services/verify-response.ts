// What whoever asked is told of a decision of central verify.
import { holdTexts, stewardText, type Decision, type Mark, type VerifyResponse } from '@postern/shared';
import type { EventRecord } from './events.ts';

export interface Decided {
  readonly event: EventRecord;
  readonly decision: Decision;
  readonly mark: Mark | undefined;
  /** Now, for what leaves no mark. */
  readonly atMs: number;
}

export async function toVerifyResponse(
  { event, decision, mark, atMs }: Decided,
  gateName: (event: number, gate: string) => Promise<string>,
): Promise<VerifyResponse> {
  const common = {
    atMs: mark?.at.ms ?? atMs,
    ...(mark === undefined ? {} : { mark: markNameOf(mark) }),
    ...rehearsalOf(mark),
  };
  switch (decision.kind) {
    case 'admit': {
      const { persons, part, party, direction } = decision;
      const reason = direction === 'exit' ? 'exited' : 'admitted';
      return {
        success: true,
        reason,
        text: reason === 'exited' ? 'Left' : 'Welcome',
        persons,
        part,
        party,
        ...common,
      };
    }
    case 'hold':
      return {
        success: false,
        reason: 'held',
        hold: decision.reason,
        text: holdTexts[decision.reason].en,
        ...common,
      };
    case 'refuse': {
      const { type, detail } = decision.refusal;
      const name = detail?.gate === undefined ? undefined : await gateName(event.id, detail.gate);
      const { timeZone } = event.policy;
      const text = stewardText(
        type,
        { ...detail, ...(name === undefined ? {} : { gate: name }) },
        { language: 'en', timeZone },
      );
      return { success: false, reason: type, text, ...common };
    }
  }
}

export const markNameOf = ({ gate, boot, sequence }: Mark): NonNullable<VerifyResponse['mark']> => ({
  gate,
  boot,
  sequence,
});

export const rehearsalOf = (mark: Mark | undefined): { readonly rehearsal?: true } =>
  mark !== undefined && 'rehearsal' in mark && mark.rehearsal !== undefined ? { rehearsal: true } : {};

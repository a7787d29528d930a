// What can prove a ticket now, what cannot and why, and the credentials that were made for it or shown before.
import { faceMethodId, type EventResponse, type TicketMethods } from '@postern/shared';
import { Panel, StatusMark } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useAsked } from '../asking.ts';
import { dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { methodTexts } from '../methods/method-texts.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { labels } from './messages.ts';

export function Proofs({ event, ticketId }: { readonly event: EventResponse; readonly ticketId: string }): JSX.Element {
  const read = useAsked<TicketMethods>(`/api/tickets/${ticketId}/methods`);
  const nameOf = (method: string): string => {
    const known = methodTexts[method];
    return known === undefined ? method : say(known.name);
  };
  const { methods = [], credentials = [] } = read.value ?? {};
  const { policy } = event;
  /** What the event has not been set up for nobody can show. */
  const isSetUp: Readonly<Record<string, boolean>> = {
    geofence: policy.geofence !== undefined,
    nft: policy.nft !== undefined,
    pretix: policy.pretix !== undefined,
    face: credentials.some(({ method }) => method === faceMethodId),
  };

  return (
    <Panel title={say(labels.proofs)}>
      <ProblemBanner problem={read.problem} onAgain={() => void read.reload()} />
      <ul class="proofs">
        {methods
          .filter(({ method }) => isSetUp[method] !== false)
          .map(({ method, available, why }) => (
            <li key={method}>
              <StatusMark tone={available ? 'good' : 'plain'}>{nameOf(method)}</StatusMark>
              {!available && <small>{say(why === 'off' ? labels.proofOff : labels.proofNotForTicket)}</small>}
            </li>
          ))}
      </ul>
      {credentials.length > 0 && (
        <>
          <h3>{say(labels.madeCodes)}</h3>
          <ul class="proofs">
            {credentials.map(({ method, id, usedAtMs }) => (
              <li key={`${method} ${id}`}>
                {nameOf(method)}
                <small>
                  {usedAtMs === undefined
                    ? say(labels.unused)
                    : fill(labels.firstUse, { time: dateAndTime(usedAtMs, event.policy.timeZone) })}
                </small>
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

// The deployment's keys by what they sign; rotated and revoked here, and the tickets that one of them has signed.
import {
  rotatingPurposes,
  type KeyView,
  type RotatingPurpose,
  type KeyList,
  type RevokeResponse,
  type RotateResponse,
  type KeyTickets as KeyTicketsAnswer,
} from '@postern/shared';
import { CheckField, Panel, showToast, StatusMark, Table, TextField, type Tone } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { ask } from '../cloud.ts';
import { say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { browserZone } from '../parts/browser-zone.ts';
import { orProblem, ProblemBanner } from '../parts/problem.tsx';
import { When } from '../parts/when.tsx';
import { addressOf } from '../route.ts';
import type { SectionProps } from '../section.tsx';
import { KeyTickets } from './key-tickets.tsx';
import {
  generationText,
  labels,
  purposeTexts,
  reissueText,
  revokeTexts,
  revokeTicketsText,
  revokeTitle,
  rotateTexts,
  rotateTitle,
  stateTexts,
  takesOverText,
} from './messages.ts';

const tones: Readonly<Record<KeyView['state'], Tone>> = {
  active: 'good',
  next: 'busy',
  retired: 'plain',
  revoked: 'bad',
};

export function Keys({ rest }: SectionProps): JSX.Element {
  const { value, problem, reload } = useAsked<KeyList>('/admin/keys');
  const [shown] = rest;
  if (shown !== undefined) return <KeyTickets keyId={shown} />;
  return (
    <>
      <div class="page-head">
        <h1>{say(labels.title)}</h1>
      </div>
      <ProblemBanner problem={problem} onAgain={() => void reload()} />
      {value !== undefined &&
        rotatingPurposes.map((purpose) => (
          <Purpose
            key={purpose}
            purpose={purpose}
            keys={value.keys.filter((key) => key.purpose === purpose)}
            onChanged={reload}
          />
        ))}
    </>
  );
}

interface PurposeProps {
  readonly purpose: RotatingPurpose;
  readonly keys: readonly KeyView[];
  readonly onChanged: () => Promise<void>;
}

function Purpose({ purpose, keys, onChanged }: PurposeProps): JSX.Element {
  const { title, what } = purposeTexts[purpose];
  const when = (atMs: number | undefined): JSX.Element => <When atMs={atMs} timeZone={browserZone()} dayOnly />;
  return (
    <Panel
      title={say(title)}
      actions={<Rotate purpose={purpose} active={keys.find(({ state }) => state === 'active')} onChanged={onChanged} />}
    >
      <p class="muted">{say(what)}</p>
      <Table
        caption={say(title)}
        captionUnseen
        columns={[
          {
            title: say(labels.key),
            heads: true,
            cell: ({ keyId, generation }) => (
              <>
                {say(generationText(generation))}
                <br />
                <small class="code-text">{keyId}</small>
              </>
            ),
          },
          {
            title: say(labels.state),
            cell: ({ state, reason }) => (
              <>
                <StatusMark tone={tones[state]}>{say(stateTexts[state])}</StatusMark>
                {reason !== undefined && (
                  <p class="muted">
                    <bdi>{reason}</bdi>
                  </p>
                )}
              </>
            ),
          },
          { title: say(labels.made), cell: ({ createdAtMs }) => when(createdAtMs) },
          { title: say(labels.active), cell: ({ activatedAtMs }) => when(activatedAtMs) },
          { title: say(labels.ended), cell: ({ retiredAtMs, revokedAtMs }) => when(revokedAtMs ?? retiredAtMs) },
          {
            title: say(labels.act),
            cell: (key) => (
              <div class="acts">
                {purpose === 'issuer' && (
                  <a class="button quiet" href={addressOf({ section: 'keys', rest: [key.keyId] })}>
                    {say(labels.tickets)}
                    <span class="unseen"> {key.keyId}</span>
                  </a>
                )}
                {key.state !== 'revoked' && <Revoke revoked={key} onChanged={onChanged} />}
              </div>
            ),
          },
        ]}
        rows={keys.toReversed()}
        rowKey={({ keyId }) => keyId}
        empty={say(labels.none)}
      />
    </Panel>
  );
}

function Rotate({
  purpose,
  active,
  onChanged,
}: {
  readonly purpose: RotatingPurpose;
  readonly active: KeyView | undefined;
  readonly onChanged: () => Promise<void>;
}): JSX.Element {
  const [force, setForce] = useState(false);
  return (
    <AskingButton
      kind="plain"
      label={say(labels.rotate)}
      about={say(purposeTexts[purpose].title)}
      title={say(rotateTitle(purposeTexts[purpose].title))}
      consequence={say(rotateTexts[purpose])}
      act={say(labels.rotate)}
      onConfirm={async () => {
        // Pressed twice, or by two people, it rotates once.
        const body = { purpose, force, ...(active === undefined ? {} : { active: active.keyId }) };
        return orProblem(await ask<RotateResponse>('POST', '/admin/keys/rotate', { body }), () => {
          showToast('good', say(labels.rotated));
          void onChanged();
        });
      }}
    >
      {purpose !== 'token' && (
        <CheckField label={say(labels.force)} hint={say(labels.forceHint)} checked={force} onValue={setForce} />
      )}
    </AskingButton>
  );
}

function Revoke({
  revoked,
  onChanged,
}: {
  readonly revoked: KeyView;
  readonly onChanged: () => Promise<void>;
}): JSX.Element {
  const { keyId, purpose, generation, state } = revoked;
  const [reason, setReason] = useState('');
  return (
    <AskingButton
      kind="quiet"
      label={say(labels.revoke)}
      about={say(generationText(generation))}
      title={say(revokeTitle(purposeTexts[purpose].title, generation))}
      consequence={
        <>
          {purpose === 'issuer' ? <TicketsOf keyId={keyId} /> : <p>{say(revokeTexts[purpose])}</p>}
          {state === 'active' && <p>{say(takesOverText)}</p>}
        </>
      }
      act={say(labels.revoke)}
      ready={reason.trim() !== ''}
      onConfirm={async () => {
        const body = { reason: reason.trim() };
        const answer = await ask<RevokeResponse>('POST', `/admin/keys/${keyId}/revoke`, { body });
        return orProblem(answer, ({ toReissue: { tickets, withoutGoodPass } }) => {
          showToast('good', say(purpose === 'issuer' ? reissueText(tickets, withoutGoodPass) : labels.revoked));
          void onChanged();
        });
      }}
    >
      <TextField
        label={say(labels.reason)}
        hint={say(labels.reasonHint)}
        maxLength={200}
        value={reason}
        onValue={setReason}
      />
    </AskingButton>
  );
}

/** How many tickets it is about: counted when somebody is about to revoke, up to a page of the list. */
function TicketsOf({ keyId }: { readonly keyId: string }): JSX.Element {
  const { value } = useAsked<KeyTicketsAnswer>(`/admin/keys/${keyId}/tickets?limit=1000`);
  return <p>{value === undefined ? '…' : say(revokeTicketsText(value.tickets.length, value.next !== undefined))}</p>;
}

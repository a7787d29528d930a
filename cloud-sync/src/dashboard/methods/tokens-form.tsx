// On which chain and contract tickets of the event are tokens, and what an old picture of the chain is worth.
import type { EventResponse, NftRulesResponse } from '@postern/shared';
import { Panel, SelectField, showToast, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { say } from '../language.ts';
import { FormEnd } from '../parts/form.tsx';
import { staleChoices } from './event-form.tsx';
import { labels, removals, staleTexts } from './messages.ts';
import { RemoveButton } from './remove-button.tsx';
import { fieldToSeconds, secondsToField } from './venue-time.ts';

export function TokensForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/api/events/${event.event}/nft`;
  const { nft, timeZone } = event.policy;
  const [chainId, setChainId] = useState(String(nft?.chainId ?? ''));
  const [contract, setContract] = useState<string>(nft?.contract ?? '');
  const [staleAfter, setStaleAfter] = useState(String(nft?.staleAfterMinutes ?? 240));
  const [whenStale, setWhenStale] = useState(nft?.whenStale ?? 'warn');
  const [frozen, setFrozen] = useState(secondsToField(nft?.frozenFromS, timeZone));
  const sending = useSubmit(async () => {
    const frozenFromS = fieldToSeconds(frozen, timeZone);
    const answer = await ask<NftRulesResponse>('PUT', path, {
      body: {
        chainId: Number(chainId),
        contract: contract.trim(),
        staleAfterMinutes: Number(staleAfter),
        whenStale,
        ...(frozenFromS === undefined ? {} : { frozenFromS }),
      },
    });
    if (!answer.ok) return answer.error;
    showToast('good', say(labels.saved));
    await readEvents();
    return undefined;
  });
  return (
    <Panel
      title={say(labels.tokens)}
      actions={nft !== undefined && <RemoveButton path={path} texts={removals.tokens} onRemoved={readEvents} />}
    >
      <p class="muted">{say(labels.tokensExplained)}</p>
      <form class="field-grid" onSubmit={sending.submit}>
        <TextField label={say(labels.chainId)} type="number" min={1} required value={chainId} onValue={setChainId} />
        <TextField
          label={say(labels.contract)}
          pattern="0x[0-9a-fA-F]{40}"
          placeholder="0x…"
          required
          value={contract}
          onValue={setContract}
        />
        <TextField
          label={say(labels.ownersStale)}
          type="number"
          min={1}
          max={100_000}
          required
          value={staleAfter}
          onValue={setStaleAfter}
        />
        <SelectField
          label={say(labels.whenOwnersStale)}
          value={whenStale}
          choices={staleChoices.map((value) => ({ value, label: say(staleTexts[value]) }))}
          onValue={setWhenStale}
        />
        <TextField
          label={say(labels.frozenFrom)}
          hint={timeZone}
          type="datetime-local"
          value={frozen}
          onValue={setFrozen}
        />
        <FormEnd sending={sending} act={say(labels.save)} />
      </form>
    </Panel>
  );
}

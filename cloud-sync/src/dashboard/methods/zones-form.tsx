// The zones of an event: how many persons each may hold, and what gates may let in alone while they are out of touch.
import type { EventResponse, GateView, Zone, GateList } from '@postern/shared';
import { Banner, Button, CheckField, Panel, SelectField, TextField } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { fill, say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { admitTexts, labels } from './messages.ts';
import { changeAt, newZone, typesOnlyFor, withOptional, withoutZone } from './rules-draft.ts';
import { RulesForm } from './rules-form.tsx';
import { useRules } from './use-rules.ts';

export const admitChoices = ['admit', 'supervisor', 'refuse'] as const;

export function ZonesForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const draft = useRules(event);
  const gates = useAsked<GateList>(`/api/events/${event.event}/gates`);
  const { zones } = draft.rules;
  const [name, setName] = useState('');
  return (
    <RulesForm
      sending={draft.sending}
      ready={draft.isChanged && zones.every((zone) => zone.name.trim() !== '')}
      onForget={draft.forget}
    >
      {zones.length === 0 && <Banner tone="warn">{say(labels.noZones)}</Banner>}
      {zones.map((zone, index) => (
        <ZonePanel
          key={zone.id}
          zone={zone}
          gates={(gates.value?.gates ?? []).filter((gate) => gate.zone === zone.id)}
          onChange={(change) => draft.change((rules) => ({ ...rules, zones: changeAt(rules.zones, index, change) }))}
          onRemove={() => draft.change((rules) => withoutZone(rules, zone.id))}
          opens={typesOnlyFor(draft.rules, zone.id).map((type) => type.name)}
        />
      ))}
      <Panel title={say(labels.addZone)}>
        <div class="field-grid">
          <TextField label={say(labels.name)} dir="auto" maxLength={100} value={name} onValue={setName} />
          <p class="form-end">
            <Button
              disabled={name.trim() === ''}
              onClick={() => {
                draft.change((rules) => ({ ...rules, zones: [...rules.zones, newZone(rules.zones, name.trim())] }));
                setName('');
              }}
            >
              {say(labels.addZone)}
            </Button>
          </p>
        </div>
      </Panel>
    </RulesForm>
  );
}

interface ZonePanelProps {
  readonly zone: Zone;
  readonly gates: readonly GateView[];
  readonly onChange: (change: (zone: Zone) => Zone) => void;
  readonly onRemove: () => void;
  /** Ticket types that open this zone alone. */
  readonly opens: readonly string[];
}

const optionalNumber = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));

const ZonePanel = ({ zone, gates, onChange, onRemove, opens }: ZonePanelProps): JSX.Element => (
  <Panel
    title={zone.name}
    actions={
      <AskingButton
        kind="quiet"
        label={say(labels.remove)}
        about={zone.name}
        title={fill(labels.removeZoneTitle, { name: zone.name })}
        consequence={
          <>
            <p>{say(labels.removeZoneConsequence)}</p>
            {opens.length > 0 && (
              <Banner tone="warn">{fill(labels.removeZoneOpens, { names: opens.join(', ') })}</Banner>
            )}
          </>
        }
        act={say(labels.remove)}
        onConfirm={async () => {
          onRemove();
          return undefined;
        }}
      />
    }
  >
    <div class="field-grid">
      <TextField
        label={say(labels.name)}
        dir="auto"
        maxLength={100}
        error={zone.name.trim() === '' ? say(labels.nameMissing) : undefined}
        value={zone.name}
        onValue={(name) => onChange((before) => ({ ...before, name }))}
      />
      <TextField
        label={say(labels.capacity)}
        hint={say(labels.capacityHint)}
        type="number"
        min={1}
        max={10_000_000}
        value={String(zone.capacity ?? '')}
        onValue={(text) => onChange((before) => withOptional(before, 'capacity', optionalNumber(text)))}
      />
      <CheckField
        label={say(labels.exitsScanned)}
        checked={zone.exitsScanned}
        onValue={(exitsScanned) => onChange((before) => ({ ...before, exitsScanned }))}
      />
      {zone.capacity !== undefined && (
        <SelectField
          label={say(labels.whenShareSpent)}
          value={zone.whenShareSpent}
          choices={admitChoices.map((value) => ({ value, label: say(admitTexts[value]) }))}
          onValue={(whenShareSpent) => onChange((before) => ({ ...before, whenShareSpent }))}
        />
      )}
      {zone.capacity !== undefined &&
        gates.map((gate, index) => (
          <TextField
            key={gate.id}
            label={fill(labels.shares, { gate: gate.name })}
            hint={index === 0 ? say(labels.sharesHint) : undefined}
            type="number"
            min={0}
            value={String(zone.shares[gate.id] ?? '')}
            onValue={(text) =>
              onChange((before) => {
                const { [gate.id]: _share, ...others } = before.shares;
                const share = optionalNumber(text);
                return { ...before, shares: share === undefined ? others : { ...others, [gate.id]: share } };
              })
            }
          />
        ))}
    </div>
    <p class="muted">
      {say(labels.zoneId)}: <code>{zone.id}</code>
    </p>
  </Panel>
);

// Where positions of phones count, and what for.
import type { EventResponse, GeofenceResponse } from '@postern/shared';
import { AreaField, Button, Panel, SelectField, showToast, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../cloud.ts';
import { readEvents } from '../events.ts';
import { fill, say } from '../language.ts';
import { labels, removals } from './messages.ts';
import { faultOf, newPlace, toDraft, toPlaces, type PlaceDraft } from './places.ts';
import { RemoveButton } from './remove-button.tsx';
import { changeAt, removeAt } from './rules-draft.ts';
import { RulesForm } from './rules-form.tsx';

export function PositionsForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const path = `/api/events/${event.event}/geofence`;
  const { geofence, zones } = event.policy;
  const [places, setPlaces] = useState<readonly PlaceDraft[]>(
    () => geofence?.zones.map(toDraft) ?? [newPlace(zones[0]?.id ?? '')],
  );
  const [mode, setMode] = useState(geofence?.mode ?? 'pre-check');
  const [dwell, setDwell] = useState(String(geofence?.dwellS ?? 60));
  const [validS, setValidS] = useState(String(geofence?.validS ?? 1_800));
  const [accuracy, setAccuracy] = useState(String(geofence?.accuracyMaxM ?? 100));
  const sending = useSubmit(async () => {
    const answer = await ask<GeofenceResponse>('PUT', path, {
      body: {
        ...geofence,
        mode,
        zones: toPlaces(places),
        dwellS: Number(dwell),
        validS: Number(validS),
        accuracyMaxM: Number(accuracy),
      },
    });
    if (!answer.ok) return answer.error;
    showToast('good', say(labels.saved));
    setPlaces(answer.value.geofence.zones.map(toDraft));
    await readEvents();
    return undefined;
  });
  return (
    <RulesForm sending={sending} ready={places.every((place) => faultOf(place) === undefined)}>
      <Panel
        title={say(labels.positions)}
        actions={
          geofence !== undefined && <RemoveButton path={path} texts={removals.positions} onRemoved={readEvents} />
        }
      >
        <p class="muted">{say(labels.positionsExplained)}</p>
        <div class="field-grid">
          <SelectField
            label={say(labels.mode)}
            value={mode}
            choices={[
              { value: 'pre-check', label: say(labels.modePreCheck) },
              { value: 'admit', label: say(labels.modeAdmit) },
            ]}
            onValue={setMode}
          />
          <TextField label={say(labels.dwell)} type="number" min={1} max={3_600} value={dwell} onValue={setDwell} />
          <TextField
            label={say(labels.validS)}
            type="number"
            min={300}
            max={43_200}
            value={validS}
            onValue={setValidS}
          />
          <TextField
            label={say(labels.accuracy)}
            type="number"
            min={5}
            max={1_000}
            value={accuracy}
            onValue={setAccuracy}
          />
        </div>
      </Panel>
      {places.map((place, index) => (
        <PlacePanel
          key={index}
          number={index + 1}
          place={place}
          zones={zones}
          onChange={(change) => setPlaces(changeAt(places, index, (before) => ({ ...before, ...change })))}
          onRemove={places.length > 1 ? () => setPlaces(removeAt(places, index)) : undefined}
        />
      ))}
      <p>
        <Button onClick={() => setPlaces([...places, newPlace(zones[0]?.id ?? '')])}>{say(labels.addPlace)}</Button>
      </p>
    </RulesForm>
  );
}

function PlacePanel({
  number,
  place,
  zones,
  onChange,
  onRemove,
}: {
  readonly number: number;
  readonly place: PlaceDraft;
  readonly zones: EventResponse['policy']['zones'];
  readonly onChange: (change: Partial<PlaceDraft>) => void;
  readonly onRemove: (() => void) | undefined;
}): JSX.Element {
  const fault = faultOf(place);
  return (
    <Panel
      title={place.name === '' ? fill(labels.place, { n: number }) : place.name}
      actions={
        onRemove && (
          <Button kind="quiet" onClick={onRemove}>
            {say(labels.remove)}
          </Button>
        )
      }
    >
      <div class="field-grid">
        <TextField
          label={say(labels.name)}
          dir="auto"
          maxLength={100}
          value={place.name}
          onValue={(name) => onChange({ name })}
        />
        <SelectField
          label={say(labels.beforeZone)}
          value={place.zone}
          choices={zones.map(({ id, name }) => ({ value: id, label: name }))}
          onValue={(zone) => onChange({ zone })}
        />
        <SelectField
          label={say(labels.shape)}
          value={place.shape}
          choices={[
            { value: 'Circle', label: say(labels.circle) },
            { value: 'Polygon', label: say(labels.polygon) },
          ]}
          onValue={(shape) => onChange({ shape })}
        />
        {place.shape === 'Circle' ? (
          <>
            <TextField
              label={say(labels.latitude)}
              inputMode="decimal"
              placeholder="52.3759"
              value={place.latitude}
              onValue={(latitude) => onChange({ latitude })}
            />
            <TextField
              label={say(labels.longitude)}
              inputMode="decimal"
              placeholder="9.7320"
              value={place.longitude}
              onValue={(longitude) => onChange({ longitude })}
            />
            <TextField
              label={say(labels.radius)}
              inputMode="decimal"
              error={fault === 'number' ? say(labels.numberWrong) : undefined}
              value={place.radius}
              onValue={(radius) => onChange({ radius })}
            />
          </>
        ) : (
          <AreaField
            label={say(labels.coordinates)}
            hint={say(labels.coordinatesHint)}
            error={fault === 'coordinates' ? say(labels.coordinatesWrong) : undefined}
            value={place.coordinates}
            onValue={(coordinates) => onChange({ coordinates })}
          />
        )}
      </div>
    </Panel>
  );
}

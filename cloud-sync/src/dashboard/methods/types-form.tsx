// The ticket types of an event: what each opens, how often, when, and what proof and staff it asks for.
import type { EventResponse } from '@postern/shared';
import { Button, Table } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { dateAndTime } from '../format.ts';
import { fill, say } from '../language.ts';
import { AskingButton } from '../parts/acts.tsx';
import { Name } from '../parts/names.tsx';
import { labels } from './messages.ts';
import { changeAt, newType, removeAt } from './rules-draft.ts';
import { RulesForm } from './rules-form.tsx';
import { TypeDialog } from './type-dialog.tsx';
import { useRules } from './use-rules.ts';

export function TypesForm({ event }: { readonly event: EventResponse }): JSX.Element {
  const draft = useRules(event);
  const { types, zones, timeZone } = draft.rules;
  const [editing, setEditing] = useState<number>();
  const edited = editing === undefined ? undefined : (types[editing] ?? newType(types));
  const zoneName = (id: string): string => zones.find((zone) => zone.id === id)?.name ?? id;
  return (
    <>
      <RulesForm sending={draft.sending} ready={draft.isChanged} onForget={draft.forget}>
        <Table
          caption={say(labels.types)}
          captionUnseen
          columns={[
            { title: say(labels.name), heads: true, cell: ({ name }) => <Name>{name}</Name> },
            {
              title: say(labels.opens),
              cell: (type) => (
                <Name>{type.zones.length === 0 ? say(labels.opensAll) : type.zones.map(zoneName).join(', ')}</Name>
              ),
            },
            {
              title: say(labels.uses),
              number: true,
              cell: ({ uses }) => (uses === 0 ? say(labels.unlimited) : uses),
            },
            {
              title: say(labels.from),
              cell: ({ validFromS }) => validFromS !== undefined && dateAndTime(validFromS * 1_000, timeZone),
            },
            {
              title: say(labels.edit),
              cell: (type) => {
                const index = types.indexOf(type);
                return (
                  <span class="row-acts">
                    <Button kind="quiet" onClick={() => setEditing(index)}>
                      {say(labels.edit)}
                      <span class="unseen"> {type.name}</span>
                    </Button>
                    <AskingButton
                      kind="quiet"
                      label={say(labels.remove)}
                      about={type.name}
                      title={fill(labels.removeTypeTitle, { name: type.name })}
                      consequence={say(labels.removeTypeConsequence)}
                      act={say(labels.remove)}
                      onConfirm={async () => {
                        draft.change((rules) => ({ ...rules, types: removeAt(rules.types, index) }));
                        return undefined;
                      }}
                    />
                  </span>
                );
              },
            },
          ]}
          rows={types}
          rowKey={({ id }) => id}
          empty={say(labels.noTypes)}
        />
        <p>
          <Button onClick={() => setEditing(types.length)}>{say(labels.addType)}</Button>
        </p>
      </RulesForm>
      {edited !== undefined && editing !== undefined && (
        <TypeDialog
          type={edited}
          rules={draft.rules}
          onCancel={() => setEditing(undefined)}
          onDone={(type) => {
            draft.change((rules) => ({
              ...rules,
              types: editing < rules.types.length ? changeAt(rules.types, editing, () => type) : [...rules.types, type],
            }));
            setEditing(undefined);
          }}
        />
      )}
    </>
  );
}

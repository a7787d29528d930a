// Finds a ticket by what somebody can read out, shows its story, and lets it be checked like any code.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Mark } from '@postern/shared';
import { Badge, Button, EmptyState, Panel, TextField } from '@postern/shared/ui';
import type { FoundTicket } from '../core/handheld.ts';
import { MarkLine } from './history.tsx';
import { labels, sayings } from './texts.ts';
import { language, say, usePage, view } from './page.ts';

/** After the last key: nobody waits, and no list is read for each letter. */
const settleMs = 200;

const statusTexts = {
  valid: { tone: 'good', shape: 'disc', text: { en: 'Valid', de: 'Gültig' } },
  revoked: { tone: 'bad', shape: 'cross', text: { en: 'Cancelled', de: 'Storniert' } },
  unpaid: { tone: 'warn', shape: 'triangle', text: { en: 'Not paid', de: 'Nicht bezahlt' } },
  blocked: { tone: 'bad', shape: 'cross', text: { en: 'Blocked', de: 'Gesperrt' } },
} as const;

export function Search(): JSX.Element {
  const { handheld, typed } = usePage();
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly FoundTicket[]>();
  useEffect(() => {
    if (text.trim() === '') return setFound(undefined);
    let isCurrent = true;
    const timer = setTimeout(() => {
      void handheld.search(text.trim()).then((tickets) => isCurrent && setFound(tickets));
    }, settleMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text]);
  return (
    <section class="view" aria-labelledby="search-title">
      <header>
        <h2 id="search-title">{say(sayings.searchHint.title)}</h2>
      </header>
      <TextField
        label={say(labels.code)}
        hint={say(sayings.searchHint.hint)}
        value={text}
        onValue={setText}
        type="search"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={2_048}
      />
      <div role="status" class="found">
        {found?.length === 0 && (
          <EmptyState title={say(sayings.noResult.title)}>{say(sayings.noResult.hint)}</EmptyState>
        )}
        {found?.map((one) => (
          <Found key={one.ticket.id} found={one} />
        ))}
      </div>
      {text.trim() !== '' && (
        <Button
          class="large"
          onClick={() => {
            view.value = 'scan';
            typed(text.trim());
          }}
        >
          {say(labels.useCode)}
        </Button>
      )}
    </section>
  );
}

/** Not as green as one that nobody has come with yet. */
const withEntries = {
  tone: 'plain',
  shape: 'info',
  text: { en: 'Valid, with entries', de: 'Gültig, mit Eintritten' },
} as const;
const isEntry = ({ kind }: Mark): boolean => kind === 'admitted' || kind === 'overridden';

const Found = ({ found: { ticket, typeName, marks } }: { readonly found: FoundTicket }): JSX.Element => {
  const { tone, shape, text } =
    ticket.status === 'valid' && marks.some(isEntry) ? withEntries : statusTexts[ticket.status];
  return (
    <Panel
      title={typeName}
      actions={
        <Badge tone={tone} shape={shape}>
          {text[language.value]}
        </Badge>
      }
    >
      <p>
        <code>{ticket.id}</code>
        {ticket.party > 1 && ` · ${ticket.party} ${say(labels.persons)}`}
      </p>
      <ol class="mark-list">
        {marks.map((mark) => (
          <MarkLine key={`${mark.gate} ${mark.boot} ${mark.sequence}`} mark={mark} withGate />
        ))}
      </ol>
    </Panel>
  );
};

// Links for a mail merge: one for each valid ticket that nobody has used, as a CSV file. The cloud keeps no links, so what has been made when
// something goes wrong on the way is in the file all the same.
import type { ClaimLinkMade, EventResponse, Problem, ClaimLinksMade } from '@postern/shared';
import { Banner, Button, CheckField, Panel, Progress, SelectField, TextField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { csvLine } from '../../services/csv.ts';
import { ask } from '../cloud.ts';
import { codesAreOut } from '../first-run/codes-out.ts';
import { count } from '../format.ts';
import { fill, say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { newRequestKey, onceOnly } from '../request-key.ts';
import { addressOf } from '../route.ts';
import { saveFile } from '../save-file.ts';
import { listTickets, type ListedTicket } from './collect.ts';
import { labels } from './messages.ts';
import { printLabels } from './print-messages.ts';
import { inSheets } from './sheets.ts';

/** As many as one request may name. */
const linksAtOnce = 500;
const ticketsMax = 100_000;

interface Made {
  readonly links: number;
  readonly csv: string;
  readonly isAll: boolean;
}

export function PhoneLinks({ event }: { readonly event: EventResponse }): JSX.Element {
  const [type, setType] = useState('');
  const [claims, setClaims] = useState('5');
  const [days, setDays] = useState('180');
  const [transferable, setTransferable] = useState(true);
  const [progress, setProgress] = useState<{ readonly done: number; readonly all?: number }>();
  const [made, setMade] = useState<Made>();
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const fileName = `links-${event.event}.csv`;
  const save = (csv: string): void => saveFile(fileName, csv, 'text/csv;charset=utf-8');

  const { busy, trouble, setTrouble, submit } = useSubmit<Problem>(async () => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    setTrouble(undefined);
    setMade(undefined);
    setProgress({ done: 0 });
    const listed = await listTickets({ event: event.event, type }, ticketsMax, {
      signal,
      report: (done) => setProgress({ done }),
    });
    if (!listed.ok) {
      setProgress(undefined);
      return listed.error;
    }
    let hindered: Problem | undefined;
    const lines: string[] = [];
    const all = listed.value.length;
    for (const part of inSheets(listed.value, linksAtOnce)) {
      if (signal.aborted) break;
      setProgress({ done: lines.length, all });
      const answer = await ask<ClaimLinksMade>('POST', `/api/events/${event.event}/claim-links`, {
        body: {
          tickets: part.map(({ id }) => id),
          claims: Number(claims),
          expiresInDays: Number(days),
          transferable,
        },
        headers: onceOnly(newRequestKey()),
      });
      if (!answer.ok) {
        hindered = answer.error;
        break;
      }
      const ticketById = new Map(part.map((ticket) => [ticket.id, ticket]));
      lines.push(...answer.value.links.map((link) => toCsvLine(link, ticketById.get(link.ticket))));
    }
    setProgress(undefined);
    if (lines.length === 0) {
      setMade({ links: 0, csv: '', isAll: all === 0 });
      return hindered;
    }
    const csv = `\uFEFF${csvLine(['ticket', 'name', 'email', 'order', 'link', 'until'])}${lines.join('')}`;
    setMade({ links: lines.length, csv, isAll: lines.length === all });
    codesAreOut(event.event);
    save(csv);
    return hindered;
  });
  return (
    <>
      <p class="way-back">
        <a href={addressOf({ event: event.event, section: 'tickets' })}>← {say(labels.back)}</a>
      </p>
      <h1>{say(printLabels.linksTitle)}</h1>
      <Panel title={say(printLabels.which)}>
        <p class="muted">{say(printLabels.linksExplained)}</p>
        <ProblemBanner problem={trouble} />
        {made !== undefined && <Outcome made={made} onSave={() => save(made.csv)} />}
        <form class="field-grid" onSubmit={submit}>
          <SelectField
            label={say(labels.type)}
            hint={say(printLabels.unused)}
            value={type}
            choices={[
              { value: '', label: say(labels.any) },
              ...event.policy.types.map(({ id, name }) => ({ value: String(id), label: name })),
            ]}
            onValue={setType}
          />
          <TextField
            label={say(printLabels.claims)}
            type="number"
            min={1}
            max={10}
            required
            value={claims}
            onValue={setClaims}
          />
          <TextField
            label={say(printLabels.days)}
            type="number"
            min={1}
            max={400}
            required
            value={days}
            onValue={setDays}
          />
          <CheckField label={say(labels.mayPassOn)} checked={transferable} onValue={setTransferable} />
          <p class="form-end">
            <Button type="submit" kind="primary" busy={busy}>
              {say(printLabels.make)}
            </Button>
          </p>
        </form>
        {progress !== undefined && (
          <div class="work">
            <Progress
              label={say(printLabels.making)}
              said={count(progress.done)}
              {...(progress.all === undefined ? {} : { value: progress.done, max: Math.max(progress.all, 1) })}
            />
            <Button onClick={() => stop.current.abort()}>{say(printLabels.stop)}</Button>
          </div>
        )}
      </Panel>
    </>
  );
}

const toCsvLine = (link: ClaimLinkMade, ticket: ListedTicket | undefined): string =>
  csvLine([
    link.ticket,
    ticket?.holder?.name,
    ticket?.holder?.email,
    ticket?.holder?.order,
    link.link,
    new Date(link.expiresAtMs).toISOString(),
  ]);

const Outcome = ({ made, onSave }: { readonly made: Made; readonly onSave: () => void }): JSX.Element =>
  made.links === 0 ? (
    <Banner tone="warn" role="status">
      {made.isAll ? say(printLabels.noneToSend) : fill(printLabels.stopped, { n: 0 })}
    </Banner>
  ) : (
    <Banner
      tone={made.isAll ? 'good' : 'warn'}
      role="status"
      action={<Button onClick={onSave}>{say(printLabels.again)}</Button>}
    >
      {fill(made.isAll ? printLabels.made : printLabels.stopped, { n: count(made.links) })}
    </Banner>
  );

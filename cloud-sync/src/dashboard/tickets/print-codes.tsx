// Codes on paper: chosen tickets, or all that nobody has used, as sheets that the browser prints. What is on the screen is what is printed.
import type { EventResponse, Problem, TicketResponse } from '@postern/shared';
import { Banner, Button, Panel, Progress, SelectField, useSubmit } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { codesAreOut } from '../first-run/codes-out.ts';
import { count } from '../format.ts';
import { fill, say } from '../language.ts';
import { ProblemBanner } from '../parts/problem.tsx';
import { addressOf } from '../route.ts';
import { listTickets, readTickets } from './collect.ts';
import { labels } from './messages.ts';
import { printChoice, printNext } from './print-choice.ts';
import { formatTexts, printLabels } from './print-messages.ts';
import { Sheets } from './sheets-view.tsx';
import { codesPerPrintMax, inSheets, isPrintable, perSheet, sheetFormats, type SheetFormat } from './sheets.ts';

interface Prepared {
  readonly tickets: readonly TicketResponse[];
  /** With codes that somebody else has printed. */
  readonly foreign: number;
  readonly isCut: boolean;
}

export function PrintCodes({ event }: { readonly event: EventResponse }): JSX.Element {
  const chosen = printChoice.value;
  const [which, setWhich] = useState<'chosen' | 'unused'>(chosen.length > 0 ? 'chosen' : 'unused');
  const [type, setType] = useState('');
  const [format, setFormat] = useState<SheetFormat>(chosen.length === 1 ? 'a4-1' : 'a4-8');
  const [prepared, setPrepared] = useState<Prepared>();
  const [done, setDone] = useState<number>();
  const [all, setAll] = useState<number>();
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);

  const { busy, trouble, setTrouble, submit } = useSubmit<Problem>(async () => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    setTrouble(undefined);
    setPrepared(undefined);
    setAll(undefined);
    setDone(0);
    const options = { signal, report: setDone };
    const listed =
      which === 'chosen'
        ? { ok: true as const, value: chosen.map((id) => ({ id })) }
        : await listTickets({ event: event.event, type }, codesPerPrintMax + 1, options);
    const ids = listed.ok ? listed.value.map(({ id }) => id) : [];
    setAll(Math.min(ids.length, codesPerPrintMax));
    setDone(0);
    const read = listed.ok ? await readTickets(ids.slice(0, codesPerPrintMax), options) : listed;
    setDone(undefined);
    if (signal.aborted) return undefined;
    if (!read.ok) return read.error;
    const tickets = read.value.filter(isPrintable);
    setPrepared({ tickets, foreign: read.value.length - tickets.length, isCut: ids.length > codesPerPrintMax });
    return undefined;
  });
  // What was handed over is shown at once.
  useEffect(() => {
    if (chosen.length > 0) submit();
    return () => printNext([]);
  }, []);

  const sheets = prepared === undefined ? [] : inSheets(prepared.tickets, perSheet[format]);
  return (
    <>
      <div class="print-controls">
        <p class="way-back">
          <a href={addressOf({ event: event.event, section: 'tickets' })}>← {say(labels.back)}</a>
        </p>
        <h1>{say(printLabels.title)}</h1>
        <Panel title={say(printLabels.which)}>
          <ProblemBanner problem={trouble} />
          <form class="field-grid" onSubmit={submit}>
            {chosen.length > 0 && (
              <SelectField
                label={say(printLabels.which)}
                value={which}
                choices={[
                  { value: 'chosen', label: fill(printLabels.chosen, { n: count(chosen.length) }) },
                  { value: 'unused', label: say(printLabels.unused) },
                ]}
                onValue={setWhich}
              />
            )}
            {which === 'unused' && (
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
            )}
            <SelectField
              label={say(printLabels.format)}
              value={format}
              choices={sheetFormats.map((value) => ({ value, label: say(formatTexts[value]) }))}
              onValue={setFormat}
            />
            <p class="form-end">
              <Button type="submit" kind={sheets.length === 0 ? 'primary' : 'plain'} busy={busy}>
                {say(printLabels.prepare)}
              </Button>
              {sheets.length > 0 && (
                <Button
                  kind="primary"
                  onClick={() => {
                    codesAreOut(event.event);
                    window.print();
                  }}
                >
                  {sheets.length === 1
                    ? say(printLabels.printOne)
                    : fill(printLabels.print, { n: count(sheets.length) })}
                </Button>
              )}
            </p>
          </form>
          {done !== undefined && (
            <div class="work">
              <Progress
                label={say(printLabels.preparing)}
                said={count(done)}
                {...(all === undefined ? {} : { value: done, max: Math.max(all, 1) })}
              />
              <Button
                onClick={() => {
                  stop.current.abort();
                  setDone(undefined);
                }}
              >
                {say(printLabels.stop)}
              </Button>
            </div>
          )}
          {prepared !== undefined && prepared.tickets.length === 0 && (
            <Banner tone="warn">{say(printLabels.none)}</Banner>
          )}
          {prepared !== undefined && prepared.foreign > 0 && prepared.tickets.length > 0 && (
            <Banner tone="warn">{fill(printLabels.foreign, { n: count(prepared.foreign) })}</Banner>
          )}
          {prepared?.isCut === true && (
            <Banner tone="warn">{fill(printLabels.atMost, { n: count(codesPerPrintMax) })}</Banner>
          )}
          {sheets.length > 0 && <p class="muted">{say(printLabels.hint)}</p>}
        </Panel>
      </div>
      {sheets.length > 0 && <Sheets event={event} sheets={sheets} format={format} />}
    </>
  );
}

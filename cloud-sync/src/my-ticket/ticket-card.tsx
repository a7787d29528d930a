// One ticket: its code, what it is for, and what can be done with it; or in plain words why there is no code.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { localeOf, type Holding, type Language } from '@postern/shared';
import { Code } from './code.tsx';
import type { KeptTicket } from './kept-tickets.ts';
import { fill, labels } from './labels.ts';
import { problemSaying } from './problems.ts';
import { sayings, states } from './sayings.ts';
import { failed, isGone } from './my-tickets.ts';
import { usePage } from './page.ts';
import { LinkButtons, Note } from './parts.tsx';
import { PassOn } from './pass-on.tsx';
import { Wallets } from './wallets.tsx';

export function TicketCard({ ticket }: { readonly ticket: KeptTicket }): JSX.Element | null {
  const { tickets, language } = usePage();
  const { holding } = ticket;
  if (holding === undefined) return null;
  return (
    <article class="ticket" data-state={holding.state}>
      <header>
        <h1>
          <bdi>{holding.event.name}</bdi>
        </h1>
        <p>
          <bdi>{holding.type}</bdi>
          {holding.party > 1 && ` · ${fill(labels.persons[language], { n: holding.party })}`}
        </p>
      </header>
      {holding.state === 'valid' ? (
        <ValidTicket key={ticket.id} ticket={ticket} holding={holding} />
      ) : (
        <Note saying={states[holding.state]} tone="bad">
          {isGone(holding) && (
            <div class="buttons">
              <button type="button" onClick={() => void tickets.remove(ticket)}>
                {labels.remove[language]}
              </button>
            </div>
          )}
        </Note>
      )}
      {!isGone(holding) && <Facts holding={holding} />}
      {holding.state === 'valid' && (
        <footer class="buttons">
          <Failed />
          {!isSpent(holding) && <Wallets ticket={ticket} holding={holding} />}
          {holding.transferable && holding.usesLeft !== 0 && <PassOn ticket={ticket} holding={holding} />}
        </footer>
      )}
      {ticket.ownLink !== undefined && (
        <Note saying={sayings.ownLink}>
          <LinkButtons link={ticket.ownLink} />
          <div class="buttons">
            <button type="button" onClick={() => void tickets.putAwayOwnLink(ticket)}>
              {labels.done[language]}
            </button>
          </div>
        </Note>
      )}
    </article>
  );
}

function Failed(): JSX.Element | null {
  const { language } = usePage();
  if (failed.value === undefined) return null;
  return (
    <Note saying={problemSaying(failed.value)} tone="bad">
      <div class="buttons">
        <button type="button" onClick={() => void (failed.value = undefined)}>
          {labels.close[language]}
        </button>
      </div>
    </Note>
  );
}

const isSpent = ({ usesLeft, reentry }: Holding): boolean => usesLeft === 0 && !reentry;

/** A used ticket has no use for its code, as far as the cloud knows; a gate decides. */
function ValidTicket({ ticket, holding }: { readonly ticket: KeptTicket; readonly holding: Holding }): JSX.Element {
  const { language } = usePage();
  const isShownAnyway = useSignal(false);
  const isLarge = useSignal(false);
  if (isSpent(holding) && !isShownAnyway.value)
    return (
      <Note saying={sayings.used}>
        <div class="buttons">
          <button type="button" onClick={() => void (isShownAnyway.value = true)}>
            {labels.showAnyway[language]}
          </button>
        </div>
      </Note>
    );
  return (
    <>
      {isLarge.value ? (
        <LargeCode ticket={ticket} holding={holding} close={() => void (isLarge.value = false)} />
      ) : (
        <Code ticket={ticket} />
      )}
      <button type="button" class="main" onClick={() => void (isLarge.value = true)}>
        {labels.bigger[language]}
      </button>
    </>
  );
}

interface LargeCodeProps {
  readonly ticket: KeptTicket;
  readonly holding: Holding;
  readonly close: () => void;
}

/** White from edge to edge: the most light that a page can ask of a screen. */
function LargeCode({ ticket, holding, close }: LargeCodeProps): JSX.Element {
  const { language } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="large" aria-label={labels.code[language]} onClose={close}>
      <p>
        <bdi>{holding.event.name}</bdi> · <bdi>{holding.type}</bdi>
      </p>
      <Code ticket={ticket} />
      <button type="button" onClick={() => dialog.current?.close()}>
        {labels.close[language]}
      </button>
    </dialog>
  );
}

function Facts({ holding }: { readonly holding: Holding }): JSX.Element {
  const { language } = usePage();
  const { validFromMs, validUntilMs, zones, used, usesLeft } = holding;
  const moment = (ms: number): string => momentText(ms, holding.event.timeZone, language);
  const gates = zones.flatMap((zone) => zone.gates);
  const facts: readonly (readonly [string, string])[] = [
    ...(used === undefined ? [] : [[labels.entered[language], `${moment(used.atMs)} · ${used.gate}`] as const]),
    ...(usesLeft === undefined || usesLeft <= 1 ? [] : [[labels.usesLeft[language], String(usesLeft)] as const]),
    ...(validFromMs === undefined ? [] : [[labels.validFrom[language], moment(validFromMs)] as const]),
    ...(validUntilMs === undefined ? [] : [[labels.validUntil[language], moment(validUntilMs)] as const]),
    ...(zones.length === 0 ? [] : [[labels.where[language], zones.map(({ name }) => name).join(', ')] as const]),
    ...(gates.length === 0 ? [] : [[labels.entrances[language], gates.join(', ')] as const]),
    [labels.ticket[language], `…${holding.ticket.slice(-4)}`],
  ];
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** In the venue's time zone, whatever the phone's is. */
const momentText = (ms: number, timeZone: string, language: Language): string =>
  new Intl.DateTimeFormat(localeOf(language), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(ms);

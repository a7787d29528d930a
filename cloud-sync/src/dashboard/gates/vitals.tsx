// What a gate says of itself, each figure with the word that it needs: how old its list is, how sure its clock, how full its disk.
import type { GateView } from '@postern/shared';
import { StatusMark, type Tone } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { age, bytes } from '../format.ts';
import { say } from '../language.ts';
import { serverClock } from '../server-clock.ts';
import { labels } from './messages.ts';

type Vitals = GateView['vitals'];

const oldListMs = 15 * 60_000;
/** A newer list is on its way for so long. */
const behindMs = 60_000;
const unsureClockMs = 5_000;
const fullShare = 0.1;
const hotC = 75;
const tooHotC = 82;

const none = <span class="muted">–</span>;

/** Good is plain text: only what is not as it should be stands out. */
const Told = ({ tone, children }: { readonly tone: Tone | undefined; readonly children: string }): JSX.Element =>
  tone === undefined ? (
    <span class="number told">{children}</span>
  ) : (
    <span class="told">
      <StatusMark tone={tone}>{children}</StatusMark>
    </span>
  );

export function TicketList({ gate, current }: { readonly gate: GateView; readonly current: number }): JSX.Element {
  const { vitals } = gate;
  const version = vitals?.feedVersion ?? gate.feedVersion;
  if (version === undefined) return none;
  const oldMs =
    vitals?.feedAgeMs === undefined ? undefined : vitals.feedAgeMs + Math.max(0, serverClock.nowMs() - vitals.atMs);
  const isBehind = version < current && (oldMs ?? Infinity) > behindMs;
  const isOld = (oldMs ?? 0) > oldListMs;
  return (
    <Told tone={isBehind || isOld ? 'warn' : undefined}>
      {`v${version}${oldMs === undefined ? '' : ` · ${age(oldMs)}`}`}
    </Told>
  );
}

export function Clock({ vitals }: { readonly vitals: Vitals }): JSX.Element {
  if (vitals === undefined) return none;
  const { trusted, uncertaintyMs } = vitals.clock;
  if (!trusted) return <Told tone="bad">{say(labels.clockUntrusted)}</Told>;
  return (
    <Told tone={uncertaintyMs > unsureClockMs ? 'warn' : undefined}>
      {`±${uncertaintyMs < 10_000 ? `${(Math.max(100, uncertaintyMs) / 1_000).toFixed(1)} s` : age(uncertaintyMs)}`}
    </Told>
  );
}

export function Disk({ vitals }: { readonly vitals: Vitals }): JSX.Element {
  if (vitals?.diskFreeBytes === undefined) return none;
  const isFull = vitals.diskTotalBytes !== undefined && vitals.diskFreeBytes < fullShare * vitals.diskTotalBytes;
  return <Told tone={isFull ? 'warn' : undefined}>{bytes(vitals.diskFreeBytes)}</Told>;
}

export function Temperature({ vitals }: { readonly vitals: Vitals }): JSX.Element {
  const celsius = vitals?.temperatureC;
  if (celsius === undefined) return none;
  return (
    <Told tone={celsius >= tooHotC ? 'bad' : celsius >= hotC ? 'warn' : undefined}>{`${Math.round(celsius)} °C`}</Told>
  );
}

// A one-time code as something to scan, to read out and to type, and word of the gate as soon as it has used it.
import type { GateResponse, GateDetail } from '@postern/shared';
import { Banner, Button } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAsked } from '../asking.ts';
import { say } from '../language.ts';
import { QrCode } from '../parts/qr-code.tsx';
import { CopyText } from '../parts/secret.tsx';
import { serverClock } from '../server-clock.ts';
import { codeUntilText, enrolledText, labels, waitsForText } from './messages.ts';
import type { DeviceKind } from './new-gate.ts';

/** As `enrolmentCodeLifetimeMs` of the cloud. */
const codeLifetimeMs = 30 * 60_000;
const askMs = 2_000;

export interface EnrolmentCodeProps {
  readonly invited: GateResponse;
  readonly name: string;
  readonly kind: DeviceKind;
  readonly onEnrolled?: () => void;
  /** Somebody wants a new code in place of one that is too old. */
  readonly onExpired: () => void;
}

export function EnrolmentCode({ invited, name, kind, onEnrolled, onExpired }: EnrolmentCodeProps): JSX.Element {
  const { event, gate, code, expiresAtMs, link, qrSvg } = invited;
  const [isDone, setDone] = useState(false);
  const { value } = useAsked<GateDetail>(isDone ? undefined : `/api/events/${event}/gates/${gate}`, askMs);
  // One that was enrolled before, with another code, is not meant.
  const hasCome = isDone || (value?.enrolledAtMs ?? 0) > expiresAtMs - codeLifetimeMs;
  useEffect(() => {
    if (!hasCome || isDone) return;
    setDone(true);
    onEnrolled?.();
  }, [hasCome]);
  const leftMs = useLeftMs(expiresAtMs);
  if (hasCome)
    return (
      <Banner tone="good" role="status">
        <strong>{say(enrolledText(name))}</strong>
      </Banner>
    );
  if (leftMs <= 0)
    return (
      <Banner tone="warn" role="status" action={<Button onClick={onExpired}>{say(labels.newCode)}</Button>}>
        {say(labels.expired)}
      </Banner>
    );
  const cloud = link.slice(0, link.lastIndexOf('#'));
  // A phone's own camera opens it, and the page there joins with the code.
  const onPhone = `${cloud}/handheld/#${code}`;
  const said = `${say(labels.codeLabel)}: ${kind === 'gate' ? link : onPhone}`;
  return (
    <div class="enrolment">
      {kind === 'gate' ? (
        <img class="qr" src={`data:image/svg+xml,${encodeURIComponent(qrSvg)}`} alt={said} />
      ) : (
        <div class="qr">
          <QrCode text={onPhone} label={said} />
        </div>
      )}
      <div class="enrolment-words">
        <p class="enrolment-code">
          <span class="muted">{say(labels.codeLabel)}</span>
          <code>{code}</code>
          <small>{say(codeUntilText(Math.ceil(leftMs / 60_000)))}</small>
        </p>
        {kind === 'gate' ? (
          <CopyText label={say(labels.onGate)} text={`gate-agent enrol ${cloud} ${code}`} />
        ) : (
          <CopyText label={say(labels.onPhone)} text={onPhone} />
        )}
        <p class="muted">{say(labels.codeOnce)}</p>
        <Banner tone="busy" role="status">
          {say(waitsForText(name))}
        </Banner>
      </div>
    </div>
  );
}

/** Counts down by the cloud's clock. */
function useLeftMs(untilMs: number): number {
  const [leftMs, setLeftMs] = useState(untilMs - serverClock.nowMs());
  useEffect(() => {
    const timer = setInterval(() => setLeftMs(untilMs - serverClock.nowMs()), 1_000);
    return () => clearInterval(timer);
  }, [untilMs]);
  return leftMs;
}

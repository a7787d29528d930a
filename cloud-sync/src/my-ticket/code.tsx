// The code itself: black on white at any light, as large as there is room, made anew for every time step by the phone's own key. Nothing is
// made while nobody looks; the screen stays on while it is shown.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { base64UrlToBytes, prepareDynamicCode, qrModules, qrPath, qrQuietModules, stepS } from '@postern/shared';
import type { KeptTicket } from './kept-tickets.ts';
import { fill, labels } from './labels.ts';
import { usePage } from './page.ts';
import { keepAwake, letSleep } from '@postern/shared/ui';

interface Picture {
  readonly text: string;
  readonly path: string;
  /** Modules a side, with the quiet zone. */
  readonly size: number;
}

const stepMs = stepS * 1_000;
const secondsLeft = (nowMs: number): number => Math.ceil((stepMs - (nowMs % stepMs)) / 1_000);

export function Code({ ticket }: { readonly ticket: KeptTicket }): JSX.Element {
  const { time, tickets, language } = usePage();
  const picture = useSignal<Picture | undefined>(undefined);
  const leftS = useSignal(secondsLeft(time.nowMs()));
  const holderPass = ticket.holding?.holderPass ?? '';

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let madeStep: number | undefined;
    let isOver = false;
    const pass = base64UrlToBytes(holderPass);

    const make = async (atMs: number): Promise<void> => {
      if (pass === undefined) return;
      const key = await tickets.keyOf(ticket);
      const code = prepareDynamicCode(pass, key.keyId, atMs);
      const text = code.text(await key.sign(code.toBeSigned));
      const modules = qrModules(text);
      if (!isOver) picture.value = { text, path: qrPath(modules), size: modules.length + 2 * qrQuietModules };
    };
    const tick = async (): Promise<void> => {
      clearTimeout(timer);
      if (isOver) return;
      if (document.visibilityState !== 'visible') {
        // What is seen first when the phone is taken out again is never an old code.
        picture.value = undefined;
        madeStep = undefined;
        return;
      }
      const nowMs = time.nowMs();
      const step = Math.floor(nowMs / stepMs);
      if (step !== madeStep) {
        madeStep = step;
        await make(nowMs);
      }
      leftS.value = secondsLeft(time.nowMs());
      timer = setTimeout(() => void tick(), 1_000 - (time.nowMs() % 1_000));
    };
    const visible = (): void => void tick();
    document.addEventListener('visibilitychange', visible);
    keepAwake();
    void tick();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', visible);
      letSleep();
    };
  }, [ticket.id, holderPass]);

  const code = picture.value;
  return (
    <div class="code" data-code={code?.text}>
      {code === undefined ? (
        <div class="no-code" />
      ) : (
        <svg
          viewBox={`0 0 ${code.size} ${code.size}`}
          shape-rendering="crispEdges"
          role="img"
          aria-label={labels.code[language]}
        >
          <path d={code.path} />
        </svg>
      )}
      <div class="countdown" aria-hidden="true">
        <span class="bar" style={{ transform: `scaleX(${leftS.value / stepS})` }} />
        <small>{fill(labels.nextIn[language], { s: leftS.value })}</small>
      </div>
    </div>
  );
}

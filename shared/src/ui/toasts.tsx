// Short words about what has just been done. They are read out, go away by themselves unless something is wrong, and wait while somebody
// points at them.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { Banner } from './status.tsx';
import type { Tone } from './shapes.tsx';

const shownMs = 6_000;
const toastsMax = 4;

interface Toast {
  readonly id: number;
  readonly tone: Tone;
  readonly text: string;
}

const shown = signal<readonly Toast[]>([]);
let lastId = 0;

export function showToast(tone: Tone, text: string): void {
  lastId += 1;
  shown.value = [...shown.value, { id: lastId, tone, text }].slice(-toastsMax);
}

const dismiss = (id: number): void => {
  shown.value = shown.value.filter((toast) => toast.id !== id);
};

/** Once a page; `dismissLabel` names the button that puts one away. */
export const Toasts = ({ dismissLabel }: { readonly dismissLabel: string }): JSX.Element => (
  <div class="toasts" role="status" aria-live="polite">
    {shown.value.map((toast) => (
      <ShownToast key={toast.id} toast={toast} dismissLabel={dismissLabel} />
    ))}
  </div>
);

function ShownToast({ toast, dismissLabel }: { readonly toast: Toast; readonly dismissLabel: string }): JSX.Element {
  const [held, setHeld] = useState(false);
  const stays = held || toast.tone === 'bad';
  useEffect(() => {
    if (stays) return undefined;
    const timer = setTimeout(() => dismiss(toast.id), shownMs);
    return () => clearTimeout(timer);
  }, [stays, toast.id]);
  return (
    <div onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)}>
      <Banner
        tone={toast.tone}
        action={
          <Button kind="quiet" aria-label={dismissLabel} onClick={() => dismiss(toast.id)}>
            ×
          </Button>
        }
      >
        {toast.text}
      </Banner>
    </div>
  );
}

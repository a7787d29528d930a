// Something that the cloud shows once and keeps only as a hash: to be copied now, by a button, by hand, or from the screen.
import { Banner, Button, Field } from '@postern/shared/ui';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';

const texts = {
  copy: { en: 'Copy', de: 'Kopieren' },
  copied: { en: 'Copied', de: 'Kopiert' },
  byHand: { en: 'Select it and copy it by hand', de: 'Bitte markieren und von Hand kopieren' },
  once: { en: 'Shown this once: nobody can show it again.', de: 'Wird nur jetzt gezeigt, danach nie wieder.' },
} as const;

/** A text with a button that copies it. */
export function CopyText({ label, text }: { readonly label: string; readonly text: string }): JSX.Element {
  const [state, setState] = useState<'ready' | 'copied' | 'by-hand'>('ready');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
    } catch {
      // Not allowed, or no secure page.
      setState('by-hand');
    }
  };
  const said = { ready: texts.copy, copied: texts.copied, 'by-hand': texts.byHand }[state];
  return (
    <div class="copy-text">
      <Field label={label}>
        {(ids) => (
          <input
            class="input code-text"
            readOnly
            {...ids}
            value={text}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
        )}
      </Field>
      <Button onClick={() => void copy()}>
        <span aria-live="polite">{say(said)}</span>
        <span class="unseen"> {label}</span>
      </Button>
    </div>
  );
}

export const ShownOnce = ({ label, text }: { readonly label: string; readonly text: string }): JSX.Element => (
  <>
    <Banner tone="warn">{say(texts.once)}</Banner>
    <CopyText label={label} text={text} />
  </>
);

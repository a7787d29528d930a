// Small parts that several cards are made of.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import type { Saying } from '@postern/shared';
import { labels } from './labels.ts';
import { usePage } from './page.ts';

export interface NoteProps {
  readonly saying: Saying;
  readonly tone?: 'plain' | 'warn' | 'bad';
  readonly children?: ComponentChildren;
}

export function Note({ saying, tone = 'plain', children }: NoteProps): JSX.Element {
  const { language } = usePage();
  return (
    <section class={`note ${tone}`} role={tone === 'plain' ? undefined : 'alert'}>
      <h2>{saying.title[language]}</h2>
      {saying.hint !== undefined && <p>{saying.hint[language]}</p>}
      {children}
    </section>
  );
}

/** Sends a link with the phone's own sheet where there is one; copies it everywhere. */
export function LinkButtons({ link }: { readonly link: string }): JSX.Element {
  const { language } = usePage();
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link);
      isCopied.value = true;
    } catch {
      // Not allowed to: the link stands there to be marked.
    }
  };
  const share = async (): Promise<void> => {
    try {
      await navigator.share({ url: link });
    } catch {
      // The sheet was closed.
    }
  };
  return (
    <>
      <output class="link">{link}</output>
      <div class="buttons">
        {'share' in navigator && (
          <button type="button" class="main" onClick={() => void share()}>
            {labels.share[language]}
          </button>
        )}
        <button type="button" onClick={() => void copy()}>
          {isCopied.value ? labels.copied[language] : labels.copy[language]}
        </button>
      </div>
    </>
  );
}

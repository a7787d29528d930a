// The field that scanners type into. A code is as good as the ticket: the field masks it, and only its end is ever shown.
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { StaffLanguage } from '@postern/shared';
import { enter, type Step } from './desk.ts';
import { labels } from './messages.ts';

const fieldId = 'field';
const endCharsMax = 4;
/** What the gate takes. */
const codeCharsMax = 2_048;

/** Enough to tell two tickets apart, never more than half of the code. */
export function endOf(code: string): string {
  const shown = Math.min(endCharsMax, Math.floor(code.length / 2));
  return shown === 0 ? '' : `…${code.slice(-shown)}`;
}

/** Puts the keyboard where a scanner types, unless the person is in another field. */
export function focusField(): void {
  if (!(document.activeElement instanceof HTMLInputElement)) document.getElementById(fieldId)?.focus();
}

export function TicketField({ now, language }: { readonly now: Step; readonly language: StaffLanguage }): JSX.Element {
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), [now]);
  const label = now.name === 'ticket' ? labels.ticket : labels.nextTicket;
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        setText('');
        enter(text);
      }}
    >
      <label for={fieldId}>{label[language]}</label>
      <input
        ref={field}
        id={fieldId}
        class="masked"
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={codeCharsMax}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setText('');
          // A key that is held down, as by something that lies on it, says nothing.
          if (event.key === 'Enter' && event.repeat) event.preventDefault();
        }}
      />
      <output class="code" for={fieldId}>
        {endOf(text.trim())}
      </output>
    </form>
  );
}

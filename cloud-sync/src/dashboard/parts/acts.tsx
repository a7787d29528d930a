// Buttons that do something at the cloud: at once, or after somebody has read what it means.
import type { Problem, Result } from '@postern/shared';
import { Button, Confirm, showToast, useSubmit, type ButtonKind } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../language.ts';
import { problemText } from './problem.tsx';

export const cancel = { en: 'Cancel', de: 'Abbrechen' };

export interface ActButtonProps {
  readonly kind?: ButtonKind;
  /** Where its words alone do not say what it is about: in a row of a table. */
  readonly about?: string;
  /** What went wrong is said by a toast. */
  readonly act: () => Promise<Result<unknown, Problem>>;
  readonly disabled?: boolean;
  readonly children: ComponentChildren;
}

export function ActButton({ kind = 'plain', about, act, disabled = false, children }: ActButtonProps): JSX.Element {
  const { busy, submit } = useSubmit(async () => {
    const answer = await act();
    if (!answer.ok) showToast('bad', problemText(answer.error));
    return undefined;
  });
  return (
    <Button kind={kind} busy={busy} disabled={disabled} onClick={submit}>
      {children}
      {about !== undefined && <span class="unseen"> {about}</span>}
    </Button>
  );
}

export interface AskingButtonProps {
  /** On the button itself. */
  readonly label: string;
  readonly about?: string;
  readonly kind?: ButtonKind;
  /** A question that names what it is about. */
  readonly title: string;
  /** What will be so afterwards, for how many, and whether it can be taken back. */
  readonly consequence: ComponentChildren;
  /** On the button of the dialog. */
  readonly act: string;
  /** On the button that leaves it, where “Cancel” could be taken for the act itself. */
  readonly leave?: string;
  /** A text keeps the dialog open and shows why it was not done. */
  readonly onConfirm: () => Promise<string | undefined>;
  readonly ready?: boolean;
  readonly disabled?: boolean;
  /** Further fields of the dialog. */
  readonly children?: ComponentChildren;
}

/** Asks, with the consequence spelled out, before it does anything. */
export function AskingButton(props: AskingButtonProps): JSX.Element {
  const { label, about, kind = 'danger', title, consequence, act, onConfirm, ready = true, disabled = false } = props;
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind={kind} disabled={disabled} onClick={() => setOpen(true)}>
        {label}
        {about !== undefined && <span class="unseen"> {about}</span>}
      </Button>
      <Confirm
        open={open}
        title={title}
        consequence={consequence}
        act={act}
        cancel={props.leave ?? say(cancel)}
        ready={ready}
        onCancel={() => setOpen(false)}
        onConfirm={async () => {
          const problem = await onConfirm();
          if (problem === undefined) setOpen(false);
          return problem;
        }}
      >
        {props.children}
      </Confirm>
    </>
  );
}

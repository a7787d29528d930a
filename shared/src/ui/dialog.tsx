// Dialogs over the page, by the browser's own `<dialog>`: focus stays inside, Escape closes, what is behind cannot be reached meanwhile.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { Banner } from './status.tsx';

export interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  /** By Escape too; without it the dialog stays until what it asks is done. */
  readonly onClose?: (() => void) | undefined;
  readonly wide?: boolean;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Dialog({ open, title, onClose, wide = false, actions, children }: DialogProps): JSX.Element | null {
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && dialog.current?.open === false) dialog.current.showModal();
  }, [open]);
  if (!open) return null;
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={titleId}
      onCancel={(cancel) => {
        cancel.preventDefault();
        onClose?.();
      }}
      // A browser closes by a second Escape whatever is done about the first.
      onClose={() => (onClose === undefined ? dialog.current?.showModal() : onClose())}
    >
      <h2 id={titleId}>{title}</h2>
      <div class="body">{children}</div>
      {actions !== undefined && <div class="actions">{actions}</div>}
    </dialog>
  );
}

export interface ConfirmProps {
  readonly open: boolean;
  /** A question that names what it is about: `Revoke the gate “North”?` */
  readonly title: string;
  /** What will be so afterwards, and whether it can be taken back. */
  readonly consequence: ComponentChildren;
  /** The button's words name the act: `Revoke the gate`. */
  readonly act: string;
  readonly cancel: string;
  /** Rejecting or answering with a text keeps the dialog open and shows why. */
  readonly onConfirm: () => void | Promise<string | void>;
  readonly onCancel: () => void;
  /** Further fields, as a reason. */
  readonly children?: ComponentChildren;
  /** False while a field inside is not filled in. */
  readonly ready?: boolean;
}

/** Asks before what cannot be taken back. Whoever presses Enter at once cancels: the safe button has the focus. */
export function Confirm({
  open,
  title,
  consequence,
  act,
  cancel,
  onConfirm,
  onCancel,
  children,
  ready = true,
}: ConfirmProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => setProblem(undefined), [open]);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      setProblem((await onConfirm()) ?? undefined);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onCancel}
      actions={
        <>
          <Button onClick={onCancel} autofocus>
            {cancel}
          </Button>
          <Button kind="danger" busy={busy} disabled={!ready} onClick={() => void confirm()}>
            {act}
          </Button>
        </>
      }
    >
      <div>{consequence}</div>
      {children}
      {problem !== undefined && (
        <Banner tone="bad" role="alert">
          {problem}
        </Banner>
      )}
    </Dialog>
  );
}

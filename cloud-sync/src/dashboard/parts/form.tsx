// What forms end with: why it was not done, and the button that does it; below the fields, or as a dialog of its own.
import type { Problem } from '@postern/shared';
import { Button, Dialog, type Submission } from '@postern/shared/ui';
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { say } from '../language.ts';
import { cancel } from './acts.tsx';
import { ProblemBanner } from './problem.tsx';

export interface FormEndProps {
  readonly sending: Submission<Problem>;
  /** On its button. */
  readonly act: string;
  /** False while a field is not filled in. */
  readonly ready?: boolean;
  /** Beside the button. */
  readonly children?: ComponentChildren;
}

export const FormEnd = ({ sending, act, ready = true, children }: FormEndProps): JSX.Element => (
  <>
    <div class="whole">
      <ProblemBanner problem={sending.trouble} />
    </div>
    <p class="form-end">
      <Button type="submit" kind="primary" busy={sending.busy} disabled={!ready}>
        {act}
      </Button>
      {children}
    </p>
  </>
);

export interface FormDialogProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly sending: Pick<Submission<unknown>, 'busy' | 'submit'>;
  /** On its button. */
  readonly act: string;
  readonly ready?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Fields in a dialog: Enter in one of them sends it, as in every form. */
export function FormDialog(props: FormDialogProps): JSX.Element {
  const { title, wide = false, sending, act, ready = true, onClose, children } = props;
  const formId = useId();
  return (
    <Dialog
      open
      wide={wide}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{say(cancel)}</Button>
          <Button type="submit" form={formId} kind="primary" busy={sending.busy} disabled={!ready}>
            {act}
          </Button>
        </>
      }
    >
      <form id={formId} class="form" noValidate onSubmit={sending.submit}>
        {children}
      </form>
    </Dialog>
  );
}

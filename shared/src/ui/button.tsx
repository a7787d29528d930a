// A button says by its kind how much it matters: one `primary` a form, `danger` for what cannot be taken back, `quiet` beside other things.
import type { ComponentProps, JSX } from 'preact';

export type ButtonKind = 'plain' | 'primary' | 'quiet' | 'danger';

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'class'> {
  readonly kind?: ButtonKind;
  /** Its work is under way: it does not take another press, and says so. */
  readonly busy?: boolean;
  readonly class?: string;
}

export const Button = ({ kind = 'plain', busy = false, class: further, ...rest }: ButtonProps): JSX.Element => (
  <button
    type="button"
    {...rest}
    class={['button', kind, further].filter(Boolean).join(' ')}
    disabled={rest.disabled === true || busy}
    aria-busy={busy ? 'true' : undefined}
  />
);

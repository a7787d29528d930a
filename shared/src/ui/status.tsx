// How something is, said three times over: by shape, by colour and by a word.
import type { ComponentChildren, JSX } from 'preact';
import { Shape, shapeOfTone, type ShapeName, type Tone } from './shapes.tsx';

interface StatusProps {
  readonly tone: Tone;
  /** Where the tone's own shape does not say it. */
  readonly shape?: ShapeName;
  readonly children: ComponentChildren;
}

/** In a line of text, or as a cell of a table. */
export const StatusMark = ({ tone, shape, children }: StatusProps): JSX.Element => (
  <span class={`status-mark tone-${tone}`}>
    <Shape name={shape ?? shapeOfTone[tone]} />
    <span>{children}</span>
  </span>
);

/** A label beside a name. */
export const Badge = ({ tone, shape, children }: StatusProps): JSX.Element => (
  <span class={`badge tone-${tone}`}>
    {shape !== undefined && <Shape name={shape} />}
    <span>{children}</span>
  </span>
);

/** What concerns the whole page or panel; `alert` is read out at once, `status` when there is a pause. */
export const Banner = ({
  tone,
  shape,
  role,
  action,
  children,
}: StatusProps & { readonly role?: 'status' | 'alert'; readonly action?: ComponentChildren }): JSX.Element => (
  <div class={`banner tone-${tone}`} role={role}>
    <Shape name={shape ?? shapeOfTone[tone]} />
    <div class="words">{children}</div>
    {action}
  </div>
);

/** How far something is; without `value` it is under way and nobody knows how far. */
export const Progress = ({
  label,
  value,
  max = 1,
  said,
}: {
  readonly label: string;
  readonly value?: number;
  readonly max?: number;
  /** What the bar says in words: `4,200 of 50,000`. */
  readonly said?: string;
}): JSX.Element => (
  <div class="progress">
    <div class="words">
      <span>{label}</span>
      {said !== undefined && <span class="number">{said}</span>}
    </div>
    <progress aria-label={label} {...(value === undefined ? {} : { value, max })} />
  </div>
);

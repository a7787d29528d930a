// Fields of forms, each with its label, a hint and what is wrong with it, tied together for whoever listens instead of looking.
import type { ComponentChildren, ComponentProps, JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Shape } from './shapes.tsx';

interface FieldTexts {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong and what to do about it; undefined when nothing is. */
  readonly error?: string | undefined;
}

/** What a control needs so that its label, hint and error belong to it. */
export interface ControlIds {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': 'true' | undefined;
}

function useIds({ hint, error }: FieldTexts): ControlIds & { readonly hintId: string; readonly errorId: string } {
  const id = useId();
  const [hintId, errorId] = [`${id}-hint`, `${id}-error`];
  const describedBy = [hint === undefined ? '' : hintId, error === undefined ? '' : errorId].filter(Boolean).join(' ');
  return {
    id,
    hintId,
    errorId,
    'aria-describedby': describedBy === '' ? undefined : describedBy,
    'aria-invalid': error === undefined ? undefined : 'true',
  };
}

const Hint = ({ id, text }: { readonly id: string; readonly text: string | undefined }): JSX.Element | null =>
  text === undefined ? null : (
    <p class="hint" id={id}>
      {text}
    </p>
  );

const FieldError = ({ id, text }: { readonly id: string; readonly text: string | undefined }): JSX.Element | null =>
  text === undefined ? null : (
    <p class="error" id={id}>
      <Shape name="triangle" /> <span>{text}</span>
    </p>
  );

/** Any control: `children` gets the ids that it must carry. */
export function Field({
  children,
  ...texts
}: FieldTexts & { readonly children: (ids: ControlIds) => ComponentChildren }): JSX.Element {
  const { hintId, errorId, ...ids } = useIds(texts);
  return (
    <div class="field">
      <label for={ids.id}>{texts.label}</label>
      {children(ids)}
      <Hint id={hintId} text={texts.hint} />
      <FieldError id={errorId} text={texts.error} />
    </div>
  );
}

type Attributes<Tag extends 'input' | 'select' | 'textarea'> = Omit<
  ComponentProps<Tag>,
  'label' | 'value' | 'class' | 'id' | 'checked'
>;

export function TextField({
  label,
  hint,
  error,
  value,
  onValue,
  ...rest
}: FieldTexts &
  Attributes<'input'> & { readonly value: string; readonly onValue: (value: string) => void }): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <input
          class="input"
          type="text"
          {...rest}
          {...ids}
          value={value}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** Several lines. */
export function AreaField({
  label,
  hint,
  error,
  value,
  onValue,
  ...rest
}: FieldTexts &
  Attributes<'textarea'> & { readonly value: string; readonly onValue: (value: string) => void }): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <textarea
          class="input"
          {...rest}
          {...ids}
          value={value}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}

export interface Choice<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
}

export function SelectField<Value extends string>({
  label,
  hint,
  error,
  value,
  choices,
  onValue,
  ...rest
}: FieldTexts &
  Attributes<'select'> & {
    readonly value: Value;
    readonly choices: readonly Choice<Value>[];
    readonly onValue: (value: Value) => void;
  }): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <select
          class="input"
          {...rest}
          {...ids}
          value={value}
          onChange={({ currentTarget }) => {
            const chosen = choices.find((choice) => choice.value === currentTarget.value);
            if (chosen !== undefined) onValue(chosen.value);
          }}
        >
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  checked,
  onValue,
  label,
  hint,
  error,
  ...rest
}: FieldTexts &
  Attributes<'input'> & { readonly checked: boolean; readonly onValue: (checked: boolean) => void }): JSX.Element {
  const { hintId, errorId, ...ids } = useIds({ label, hint, error });
  return (
    <div class="check">
      <input
        {...rest}
        type="checkbox"
        {...ids}
        checked={checked}
        onChange={({ currentTarget }) => onValue(currentTarget.checked)}
      />
      <label for={ids.id}>{label}</label>
      <Hint id={hintId} text={hint} />
      <FieldError id={errorId} text={error} />
    </div>
  );
}

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { texts } from '../../i18n/forms';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';
import { type Unit, UNITS, unitOf, wholeNumber } from './durations';

interface Common {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  disabled?: boolean;
}

interface TextProps extends Common {
  value: string;
  placeholder?: string;
  type?: 'text' | 'email' | 'password' | 'date' | 'datetime-local';
  /** Longest text in UTF-16 code units. */
  max?: number;
  autocomplete?: 'off' | 'new-password';
  mono?: boolean;
  list?: readonly string[];
  onInput(value: string): void;
}

export function TextInput(props: TextProps) {
  const listId = useId();
  return (
    <Field label={props.label} hint={props.hint} error={props.error ?? null}>
      {(ties) => (
        <>
          <input
            {...ties}
            class={`input ${props.mono ? 'is-mono' : ''}`}
            {...({ type: props.type ?? 'text' } as { type: 'text' })}
            value={props.value}
            placeholder={props.placeholder ?? ''}
            autocomplete={props.autocomplete ?? 'off'}
            disabled={props.disabled ?? false}
            {...(props.max === undefined ? {} : { maxLength: props.max })}
            {...(props.list === undefined ? {} : { list: listId })}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
          {props.list && (
            <datalist id={listId}>
              {props.list.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

interface AreaProps extends Common {
  value: string;
  rows?: number;
  placeholder?: string;
  mono?: boolean;
  onInput(value: string): void;
}

export function TextArea(props: AreaProps) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error ?? null}>
      {(ties) => (
        <textarea
          {...ties}
          class={`input ${props.mono ? 'is-mono' : ''}`}
          rows={props.rows ?? 3}
          value={props.value}
          placeholder={props.placeholder ?? ''}
          disabled={props.disabled ?? false}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ListProps extends Common {
  value: readonly string[];
  placeholder?: string;
  rows?: number;
  onInput(value: string[]): void;
}

/** A list, one on each line. */
export function LinesInput({ value, onInput, ...rest }: ListProps) {
  const [text, type] = useListText(value, linesOf, '\n', onInput);
  return <TextArea {...rest} value={text} onInput={type} />;
}

/** Words on one line, with commas between them. */
export function WordsInput({ value, onInput, rows: _, ...rest }: ListProps) {
  const { t } = useTextsOf(texts);
  const [text, type] = useListText(value, wordsOf, t('comma'), onInput);
  return <TextInput {...rest} value={text} onInput={type} />;
}

/** What was typed stays as it was typed, as long as it means the list that is held. */
function useListText(
  value: readonly string[],
  read: (text: string) => string[],
  between: string,
  onInput: (value: string[]) => void,
): [string, (text: string) => void] {
  const [typed, setTyped] = useState(value.join(between));
  const text = read(typed).join('\n') === value.join('\n') ? typed : value.join(between);
  const type = (next: string) => {
    setTyped(next);
    onInput(read(next));
  };
  return [text, type];
}

export function linesOf(text: string): string[] {
  return parts(text, '\n');
}

export function wordsOf(text: string): string[] {
  return parts(text, /[,，、;；\n]/);
}

/** The parts that say something. */
function parts(text: string, between: string | RegExp): string[] {
  return text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

interface NumberProps extends Common {
  value: number | null;
  placeholder?: string;
  suffix?: string;
  onInput(value: number | null): void;
}

export function NumberInput(props: NumberProps) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error ?? null}>
      {(ties) => (
        <div class="input-row">
          <input
            {...ties}
            class="input is-number"
            inputMode="numeric"
            value={props.value ?? ''}
            placeholder={props.placeholder ?? ''}
            disabled={props.disabled ?? false}
            onInput={(event) => {
              const { value } = event.currentTarget;
              const number = wholeNumber(value);
              if (number === null && value !== '')
                event.currentTarget.value = String(props.value ?? '');
              else props.onInput(number);
            }}
          />
          {props.suffix && <span class="input-suffix">{props.suffix}</span>}
        </div>
      )}
    </Field>
  );
}

/** A number of seconds, in the unit that suits it; null is for nothing. */
export function DurationInput(props: Omit<NumberProps, 'suffix'>) {
  const { t } = useTextsOf(texts);
  const [unit, setUnit] = useState<Unit>(unitOf(props.value));
  const fits = props.value === null || props.value % UNITS[unit] === 0;
  const shown = fits ? unit : unitOf(props.value);
  const number = props.value === null ? null : props.value / UNITS[shown];
  return (
    <Field label={props.label} hint={props.hint} error={props.error ?? null}>
      {(ties) => (
        <div class="input-row">
          <input
            {...ties}
            class="input is-number"
            inputMode="numeric"
            value={number ?? ''}
            placeholder={props.placeholder ?? t('none')}
            disabled={props.disabled ?? false}
            onInput={(event) => {
              const { value } = event.currentTarget;
              const typed = wholeNumber(value);
              if (typed === null && value !== '') event.currentTarget.value = String(number ?? '');
              else props.onInput(typed === null ? null : typed * UNITS[shown]);
            }}
          />
          <select
            class="input is-unit"
            aria-label={t('unitOf', { label: props.label })}
            value={shown}
            disabled={props.disabled ?? false}
            onChange={(event) => {
              const next = event.currentTarget.value as Unit;
              setUnit(next);
              if (number !== null) props.onInput(number * UNITS[next]);
            }}
          >
            {(Object.keys(UNITS) as Unit[]).map((each) => (
              <option key={each} value={each}>
                {t(`unit_${each}`)}
              </option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}

interface SelectProps<V extends string> extends Common {
  value: V;
  options: readonly (readonly [V, string])[];
  onChange(value: V): void;
}

export function SelectInput<V extends string>(props: SelectProps<V>) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error ?? null}>
      {(ties) => (
        <select
          {...ties}
          class="input"
          value={props.value}
          disabled={props.disabled ?? false}
          onChange={(event) => props.onChange(event.currentTarget.value as V)}
        >
          {props.options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}

export function Check({ label, hint, checked, disabled = false, onChange }: CheckProps) {
  const hintId = useId();
  return (
    <div class="form-check">
      <label>
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled}
          aria-describedby={hint ? hintId : undefined}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{label}</span>
      </label>
      {hint && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChoicesProps<V extends string> {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  value: V;
  options: readonly { value: V; label: string; hint?: string }[];
  disabled?: boolean;
  onChange(value: V): void;
}

/** A few choices that need a word of explanation each. */
export function Choices<V extends string>(props: ChoicesProps<V>) {
  const name = useId();
  return (
    <Group label={props.label} hint={props.hint} error={props.error ?? null}>
      {props.options.map((option) => (
        <div class="form-check" key={option.value}>
          <label>
            <input
              type="radio"
              name={name}
              checked={option.value === props.value}
              disabled={props.disabled ?? false}
              aria-describedby={option.hint ? `${name}-${option.value}` : undefined}
              onChange={() => props.onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
          {option.hint && (
            <p class="hint" id={`${name}-${option.value}`}>
              {option.hint}
            </p>
          )}
        </div>
      ))}
    </Group>
  );
}

interface GroupProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  children: ComponentChildren;
}

/** Inputs that belong together under one label. */
export function Group({ label, hint, error = null, children }: GroupProps) {
  const id = useId();
  return (
    <fieldset
      class="field field-group"
      aria-describedby={hint ? `${id}-hint` : undefined}
      {...(error === null ? {} : { 'aria-invalid': true, tabIndex: -1 })}
    >
      <legend class="field-label">{label}</legend>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {children}
      {error !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {error}
        </p>
      )}
    </fieldset>
  );
}

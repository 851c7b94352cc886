import { useState } from 'preact/hooks';
import type { FormField } from '../../protocol/types';
import { type Problem, problemOf } from '../../ui/question';
import { useMoreTexts } from '../../ui/more-texts';
import { useExtraTexts } from './texts';

/** Which keyboard a touch screen shows. */
const MODES = { email: 'email', phone: 'tel', number: 'decimal' } as const;
const COMPLETES: Record<string, 'name' | 'email' | 'tel'> = { name: 'name', email: 'email', phone: 'tel' };

export type FieldError = Problem | 'contactNeeded';

export interface Answers {
  value(name: string): string;
  error(name: string): FieldError | null;
  set(name: string, value: string): void;
  /** Shows what is wrong; the answers when nothing is. */
  submit(form: HTMLFormElement): Map<string, string> | null;
  /** Points at one field. */
  blame(name: string, error: FieldError): void;
}

/** What was filled in outlives a change of screen. */
const kept = new Map<string, string>();

export function useAnswers(fields: readonly FormField[]): Answers {
  const [values, setValues] = useState(new Map(kept));
  const [errors, setErrors] = useState(new Map<string, FieldError>());
  return {
    value: (name) => values.get(name) ?? '',
    error: (name) => errors.get(name) ?? null,
    set(name, value) {
      kept.set(name, value);
      setValues(new Map(kept));
      if (errors.has(name)) {
        const rest = new Map(errors);
        rest.delete(name);
        setErrors(rest);
      }
    },
    submit(form) {
      const wrong = new Map<string, FieldError>();
      for (const field of fields) {
        const error = problemOf(field, values.get(field.name) ?? '');
        if (error) wrong.set(field.name, error);
      }
      setErrors(wrong);
      const [first] = wrong.keys();
      if (first === undefined) return new Map([...values].map(([key, value]) => [key, value.trim()]));
      (form.elements.namedItem(first) as HTMLElement | null)?.focus();
      return null;
    },
    blame: (name, error) => setErrors(new Map([[name, error]])),
  };
}

export function Field({ field, answers }: { field: FormField; answers: Answers }) {
  const { t } = useExtraTexts();
  const more = useMoreTexts();
  const { name, type, required, options = [] } = field;
  const value = answers.value(name);
  const error = answers.error(name);
  const id = `field-${name}`;
  const label = required ? field.label : t('optionalLabel', { label: field.label });
  const common = {
    id,
    name,
    value,
    class: 'input',
    maxLength: type === 'multiline' ? 2000 : 200,
    'aria-required': required ?? false,
    'aria-invalid': error !== null,
    ...(error && { 'aria-describedby': `${id}-error` }),
    onInput: (event: { currentTarget: { value: string } }) =>
      answers.set(name, event.currentTarget.value),
  };
  return (
    <div class="field">
      {type === 'checkbox' ? (
        <label class="check">
          <input
            id={id}
            name={name}
            type="checkbox"
            checked={value === 'true'}
            aria-invalid={error !== null}
            {...(error && { 'aria-describedby': `${id}-error` })}
            onChange={(event) => answers.set(name, String(event.currentTarget.checked))}
          />
          {label}
        </label>
      ) : (
        <label for={id}>{label}</label>
      )}
      {type === 'multiline' && <textarea rows={4} {...common} />}
      {type === 'select' && (
        <select {...common}>
          <option value="">{more.t('choose')}</option>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      )}
      {type === 'date' && <input type="date" {...common} />}
      {(type === 'text' || type in MODES) && (
        <input
          type="text"
          inputMode={MODES[type as keyof typeof MODES]}
          autocomplete={COMPLETES[name] ?? 'off'}
          {...common}
        />
      )}
      {error && (
        <p id={`${id}-error`} class="form-error">
          {error === 'contactNeeded' ? t(error) : more.t(`form_${error}`)}
        </p>
      )}
    </div>
  );
}

import type { FormField } from '../protocol/types';
import { useMoreTexts } from './more-texts';
import { Icon } from './icons';

/** The server's limit for an answer. */
const ANSWER_CHARS = 300;

export type Problem = 'required' | 'email' | 'phone' | 'number';

const SHAPES: Partial<Record<FormField['type'], RegExp>> = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  phone: /^[+(]?\d[\d\s()./-]{3,}$/,
  number: /^-?\d+([.,]\d+)?$/,
};

/** What speaks against an answer. */
export function problemOf({ type, required }: FormField, answer: string): Problem | null {
  const value = answer.trim();
  const isBlank = value === '' || (type === 'checkbox' && value !== 'true');
  if (isBlank) return required ? 'required' : null;
  const shape = SHAPES[type];
  return shape && !shape.test(value) ? (type as Problem) : null;
}

interface QuestionProps {
  /** Of the control. */
  id: string;
  field: FormField;
  /** `true` or `false` for what is to be ticked. */
  value: string;
  problem: Problem | null;
  onInput(value: string): void;
}

/** A question with its label, what answers it, and what is wrong with the answer. */
export function Question({ id, field, value, problem, onInput }: QuestionProps) {
  const { t } = useMoreTexts();
  return (
    <div class="question">
      <label for={id}>
        {field.label}
        {!field.required && <span class="file-size"> {t('optional')}</span>}
      </label>
      <Control
        field={field}
        value={value}
        set={onInput}
        control={{
          id,
          'aria-invalid': problem !== null,
          'aria-describedby': problem ? `${id}-problem` : undefined,
          'aria-required': field.required ?? false,
        }}
      />
      {problem && (
        <p class="form-error" id={`${id}-problem`}>
          <Icon name="alert" size={16} /> {t(`form_${problem}`)}
        </p>
      )}
    </div>
  );
}

interface ControlProps {
  field: FormField;
  value: string;
  set(value: string): void;
  control: Record<string, string | boolean | undefined>;
}

function Control({ field, value, set, control }: ControlProps) {
  const { t } = useMoreTexts();
  const shared = {
    ...control,
    class: 'input',
    value,
    maxLength: ANSWER_CHARS,
    onInput: (event: { currentTarget: { value: string } }) => set(event.currentTarget.value),
  };
  switch (field.type) {
    case 'multiline':
      return <textarea rows={3} {...shared} />;
    case 'checkbox':
      return (
        <input
          {...control}
          type="checkbox"
          checked={value === 'true'}
          onChange={(event) => set(String(event.currentTarget.checked))}
        />
      );
    case 'select':
      return (
        <select {...shared}>
          <option value="">{t('choose')}</option>
          {field.options?.map((option, index) => (
            <option key={index} value={option}>
              {option}
            </option>
          ))}
        </select>
      );
    case 'number':
      return <input type="text" inputMode="decimal" {...shared} />;
    case 'email':
      return <input type="email" {...shared} />;
    case 'phone':
      return <input type="tel" {...shared} />;
    case 'date':
      return <input type="date" {...shared} />;
    default:
      return <input type="text" {...shared} />;
  }
}

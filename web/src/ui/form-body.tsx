import { useId, useState } from 'preact/hooks';
import type { FormData, FormField } from '../protocol/types';
import { useTexts } from './context';
import { Icon } from './icons';

export type Answers = NonNullable<FormData['values']>;

/** The server's limit for an answer. */
const ANSWER_CHARS = 300;

interface FormBodyProps {
  form: FormData;
  /** The questions that `form` answers, or the answers to its questions. */
  related: FormData | undefined;
  /** Absent for who is not asked. */
  onAnswer: ((values: Answers) => void) | undefined;
}

/** Questions to fill in, questions as they were asked, or answers. */
export function FormBody({ form, related, onAnswer }: FormBodyProps) {
  const { t } = useTexts();
  const fields = form.fields ?? [];
  const answers = form.values ?? related?.values;
  return (
    <div class="form-body">
      {form.title && <p class="body-title">{form.title}</p>}
      {answers ? (
        <>
          {!form.values && (
            <p class="file-size">
              <Icon name="check" size={14} /> {t('formAnswered')}
            </p>
          )}
          <AnswerList answers={answers} fields={form.values ? (related?.fields ?? []) : fields} />
        </>
      ) : onAnswer ? (
        <Questions fields={fields} onAnswer={onAnswer} />
      ) : (
        <ul>
          {fields.map((field, index) => (
            <li key={index}>{field.label}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function AnswerList({ answers, fields }: { answers: Answers; fields: readonly FormField[] }) {
  const { t } = useTexts();
  return (
    <dl>
      {answers.map(({ name, value }, index) => {
        const field = fields.find((each) => each.name === name);
        const isChoice = field?.type === 'checkbox';
        return (
          <div key={index}>
            <dt>{field?.label ?? name}</dt>
            <dd dir="auto">{isChoice ? t(value === 'true' ? 'yes' : 'no') : value}</dd>
          </div>
        );
      })}
    </dl>
  );
}

type Problem = 'required' | 'email' | 'phone' | 'number';

const SHAPES: Partial<Record<FormField['type'], RegExp>> = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  phone: /^[+(]?\d[\d\s()./-]{3,}$/,
  number: /^-?\d+([.,]\d+)?$/,
};

/** What speaks against an answer. */
export function problemOf({ type, required }: FormField, answer: string): Problem | null {
  const value = answer.trim();
  if (value === '' || (type === 'checkbox' && value !== 'true')) return required ? 'required' : null;
  const shape = SHAPES[type];
  return shape && !shape.test(value) ? (type as Problem) : null;
}

interface QuestionsProps {
  fields: readonly FormField[];
  onAnswer(values: Answers): void;
}

function Questions({ fields, onAnswer }: QuestionsProps) {
  const { t } = useTexts();
  const id = useId();
  const [values, setValues] = useState<readonly string[]>(() =>
    fields.map(({ type }) => (type === 'checkbox' ? 'false' : '')),
  );
  const [tried, setTried] = useState(false);
  // Something has to be said: a form without a single answer is not sent.
  const isBlank = values.every((value) => value.trim() === '');
  const problems = fields.map((field, index) =>
    problemOf({ ...field, required: field.required || (isBlank && index === 0) }, values[index]!),
  );
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        const wrong = problems.findIndex((problem) => problem !== null);
        if (wrong >= 0) {
          document.getElementById(`${id}-${wrong}`)?.focus();
          return;
        }
        onAnswer(
          fields.flatMap(({ name }, index) => {
            const value = values[index]!.trim();
            return value === '' ? [] : [{ name, value }];
          }),
        );
      }}
    >
      {fields.map((field, index) => {
        const problem = tried ? problems[index] : null;
        const control = {
          id: `${id}-${index}`,
          'aria-invalid': problem !== null,
          'aria-describedby': problem ? `${id}-${index}-problem` : undefined,
          'aria-required': field.required ?? false,
        };
        const set = (value: string) =>
          setValues(values.map((each, at) => (at === index ? value : each)));
        return (
          <div class="question" key={index}>
            <label for={control.id}>
              {field.label}
              {!field.required && <span class="file-size"> {t('optional')}</span>}
            </label>
            <Control field={field} value={values[index]!} set={set} control={control} />
            {problem && (
              <p class="form-error" id={`${id}-${index}-problem`}>
                <Icon name="alert" size={16} /> {t(`form_${problem}`)}
              </p>
            )}
          </div>
        );
      })}
      <button type="submit" class="button is-primary">
        {t('formSend')}
      </button>
    </form>
  );
}

interface ControlProps {
  field: FormField;
  value: string;
  set(value: string): void;
  control: Record<string, string | boolean | undefined>;
}

function Control({ field, value, set, control }: ControlProps) {
  const { t } = useTexts();
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

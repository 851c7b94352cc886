import { useId, useState } from 'preact/hooks';
import type { FormData, FormField } from '../protocol/types';
import { Icon } from './icons';
import type { Answers } from './message-body';
import { useMoreTexts } from './more-texts';
import { problemOf, Question } from './question';

interface FormBodyProps {
  form: FormData;
  /** The questions that `form` answers, or the answers to its questions. */
  related: FormData | undefined;
  /** Absent for who is not asked. */
  onAnswer: ((values: Answers) => void) | undefined;
}

/** Questions to fill in, questions as they were asked, or answers. */
export function FormBody({ form, related, onAnswer }: FormBodyProps) {
  const { t } = useMoreTexts();
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
  const { t } = useMoreTexts();
  return (
    <dl>
      {answers.map(({ name, value }, index) => {
        const field = fields.find((each) => each.name === name);
        const choice = field?.type === 'checkbox' ? value : '';
        return (
          <div key={index}>
            <dt>{field?.label ?? name}</dt>
            <dd dir="auto">
              {choice === 'true' ? t('yes') : choice === 'false' ? t('no') : value}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface QuestionsProps {
  fields: readonly FormField[];
  onAnswer(values: Answers): void;
}

function Questions({ fields, onAnswer }: QuestionsProps) {
  const { t } = useMoreTexts();
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
      {fields.map((field, index) => (
        <Question
          key={index}
          id={`${id}-${index}`}
          field={field}
          value={values[index]!}
          problem={tried ? problems[index]! : null}
          onInput={(value) => setValues(values.map((each, at) => (at === index ? value : each)))}
        />
      ))}
      <button type="submit" class="button is-primary">
        {t('formSend')}
      </button>
    </form>
  );
}

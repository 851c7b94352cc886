import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/chat';
import { Dialog } from '../../../ui/dialog';
import { Field } from '../../../ui/field';
import { Icon } from '../../../ui/icons';
import { useTextsOf } from '../../context';
import { Stored } from '../../stored';
import type { PanelProps } from '../panel';
import {
  EMPTY_FORM,
  type FormDraft,
  formData,
  isComplete,
  NEW_QUESTION,
  type Question,
  QUESTION_TYPES,
  QUESTIONS_MAX,
} from './form';
import { Preview } from './preview';
import '../dialogs.css';

const lastForm = new Stored<FormDraft>('kefu-console-form', EMPTY_FORM);

/** Makes a form that the visitor fills in. */
export default function FormBuilder({ chat, close }: PanelProps) {
  const { t } = useTextsOf(texts);
  const [draft, setDraft] = useState<FormDraft>(lastForm.peek());
  const [tried, setTried] = useState(false);
  const complete = isComplete(draft);
  const data = formData(draft);
  const { questions } = draft;
  const setQuestion = (at: number, change: Partial<Question>) =>
    setDraft({
      ...draft,
      questions: questions.map((each, index) => (index === at ? { ...each, ...change } : each)),
    });
  const submit = () => {
    setTried(true);
    if (!complete) return;
    lastForm.set(draft);
    chat.writing.send({ kind: 'form', text: '', data: { ...data } });
    close();
    chat.writing.focus();
  };
  return (
    <Dialog title={t('formTitle')} size="large" onClose={close}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div class="builder">
          <div class="builder-fields">
            <Field label={t('formName')}>
              {(ties) => (
                <input
                  class="input"
                  maxLength={200}
                  value={draft.title}
                  onInput={(event) => setDraft({ ...draft, title: event.currentTarget.value })}
                  {...ties}
                />
              )}
            </Field>
            {questions.map((question, at) => (
              <QuestionFields
                key={at}
                number={at + 1}
                question={question}
                set={(change) => setQuestion(at, change)}
                remove={
                  questions.length > 1
                    ? () =>
                        setDraft({
                          ...draft,
                          questions: questions.filter((_, index) => index !== at),
                        })
                    : null
                }
              />
            ))}
            {questions.length < QUESTIONS_MAX && (
              <button
                type="button"
                class="button"
                onClick={() => setDraft({ ...draft, questions: [...questions, NEW_QUESTION] })}
              >
                <Icon name="plus" size={16} />
                {t('addQuestion')}
              </button>
            )}
            {tried && !complete && (
              <p class="form-error" role="alert">
                <Icon name="alert" size={16} />
                {t('formIncomplete')}
              </p>
            )}
          </div>
          <Preview kind="form" data={data} />
        </div>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => setDraft(EMPTY_FORM)}>
            {t('clear')}
          </button>
          <button type="submit" class="button is-primary">
            <Icon name="send" size={16} />
            {t('sendIt')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface QuestionFieldsProps {
  number: number;
  question: Question;
  set(change: Partial<Question>): void;
  remove: (() => void) | null;
}

function QuestionFields({ number, question, set, remove }: QuestionFieldsProps) {
  const { t } = useTextsOf(texts);
  return (
    <fieldset class="builder-part">
      <legend>{t('question', { n: number })}</legend>
      <div class="builder-line">
        <Field label={t('questionLabel')}>
          {(ties) => (
            <input
              class="input"
              maxLength={200}
              value={question.label}
              onInput={(event) => set({ label: event.currentTarget.value })}
              {...ties}
            />
          )}
        </Field>
        <Field label={t('questionType')}>
          {(ties) => (
            <select
              class="input"
              value={question.type}
              onChange={(event) => set({ type: event.currentTarget.value as Question['type'] })}
              {...ties}
            >
              {QUESTION_TYPES.map((type) => (
                <option key={type} value={type}>
                  {t(`type_${type}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {question.type === 'select' && (
        <Field label={t('questionOptions')}>
          {(ties) => (
            <textarea
              class="input"
              rows={3}
              value={question.options}
              onInput={(event) => set({ options: event.currentTarget.value })}
              {...ties}
            />
          )}
        </Field>
      )}
      <div class="builder-line">
        <label class="check-line">
          <input
            type="checkbox"
            checked={question.required}
            onChange={(event) => set({ required: event.currentTarget.checked })}
          />
          {t('questionRequired')}
        </label>
        {remove && (
          <button type="button" class="link-button" onClick={remove}>
            {t('removeQuestion')}
          </button>
        )}
      </div>
    </fieldset>
  );
}

import { useState } from 'preact/hooks';
import { useWidget } from '../context';
import { useExtraTexts } from './texts';
import { Field, useAnswers } from './fields';

const FIELDS_MAX = 4;
/** The visitor's own; everything else goes into the conversation. */
const PERSONAL = ['name', 'email'];

/** A few questions before the first message. */
export function PreChat() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const fields = (widget.config.value?.pre_chat ?? []).slice(0, FIELDS_MAX);
  const answers = useAnswers(fields);
  const [state, setState] = useState<'idle' | 'sending' | 'failed'>('idle');

  const submit = async (form: HTMLFormElement) => {
    const given = answers.submit(form);
    if (!given) return;
    const others = fields.filter(({ name }) => !PERSONAL.includes(name) && given.get(name));
    // No message has asked them, so the answers say themselves what was asked.
    const values = others.map(({ name, label }) => ({ name: label, value: given.get(name)! }));
    setState('sending');
    try {
      await widget.introduce(given, values);
    } catch {
      setState('failed');
    }
  };
  return (
    <form
      class="scroll"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <h2 class="pane-title">{t('preChatTitle')}</h2>
      {fields.map((field) => (
        <Field key={field.name} field={field} answers={answers} />
      ))}
      {state === 'failed' && (
        <p class="form-error" role="alert">
          {t('preChatFailed')}
        </p>
      )}
      <button type="submit" class="button is-primary is-large" disabled={state === 'sending'}>
        {t('preChatStart')}
      </button>
    </form>
  );
}

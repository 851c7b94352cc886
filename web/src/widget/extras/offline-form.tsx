import type { FormField } from '../../protocol/types';
import { uuid } from '../../protocol/uuid';
import { Icon } from '../../ui/icons';
import { opening } from '../availability';
import { useWidget } from '../context';
import { useExtraTexts } from './texts';
import { Field, useAnswers } from './fields';
import { offlineBox } from './offline-box';

/** A message for when somebody is back. */
export function OfflineForm() {
  const { widget } = useWidget();
  const { t, locale } = useExtraTexts();
  const box = offlineBox(widget);
  const state = box.state.value;
  const fields: FormField[] = [
    { name: 'name', label: t('name'), type: 'text' },
    { name: 'email', label: t('email'), type: 'email' },
    { name: 'phone', label: t('phone'), type: 'phone' },
    { name: 'text', label: t('yourMessage'), type: 'multiline', required: true },
  ];
  const answers = useAnswers(fields);

  if (state === 'sent' || state === 'kept') {
    return (
      <div class="pane-state" role="status">
        <Icon name={state === 'sent' ? 'check' : 'clock'} size={28} />
        <p class="pane-title">{t(state === 'sent' ? 'offlineSent' : 'offlineKept')}</p>
        {state === 'sent' && <p>{t('offlineSentHint')}</p>}
        {state === 'sent' && (
          <button
            type="button"
            class="button"
            onClick={() => {
              answers.set('text', '');
              box.clear();
            }}
          >
            {t('another')}
          </button>
        )}
      </div>
    );
  }
  const submit = (form: HTMLFormElement) => {
    const given = answers.submit(form);
    if (!given) return;
    const [name, email, phone] = ['name', 'email', 'phone'].map((each) => given.get(each));
    if (!email && !phone) {
      answers.blame('email', 'contactNeeded');
      (form.elements.namedItem('email') as HTMLElement).focus();
      return;
    }
    box.leave({
      client_id: uuid(),
      text: given.get('text') ?? '',
      ...(name && { name }),
      ...(email && { email }),
      ...(phone && { phone }),
    });
  };
  const at = widget.config.value?.open === false ? widget.config.value.opens_at : null;
  return (
    <form
      class="scroll offline-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      <div>
        <h2 class="pane-title">{t('offlineTitle')}</h2>
        <p class="card-hint">
          {at ? t('offlineBack', { time: opening(at, locale.value) }) : t('offlineHint')}
        </p>
      </div>
      {fields.map((field) => (
        <Field key={field.name} field={field} answers={answers} />
      ))}
      {state === 'refused' && (
        <p class="form-error" role="alert">
          {t('offlineRefused')}
        </p>
      )}
      <button type="submit" class="button is-primary is-large" disabled={state === 'sending'}>
        {t('leave')}
      </button>
      <button
        type="button"
        class="link-button"
        onClick={() => {
          widget.view.value = 'chat';
        }}
      >
        {t('chatInstead')}
      </button>
    </form>
  );
}

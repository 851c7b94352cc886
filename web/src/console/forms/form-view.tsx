import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { texts } from '../../i18n/forms';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';
import { announce } from './announce';
import { Confirm } from './confirm';
import { useFailure } from './failure';
import { failedField, type Form } from './form';
import { useLeave } from './leave';

interface FormViewProps<T extends object> {
  form: Form<T>;
  /** The address under which this form is shown. */
  scope: string;
  /** It makes something new: the bar is always there, its button says so. */
  creates?: boolean;
  onSaved?(): void;
  /** Before the first wrong field gets the focus, so that it can be brought into view. */
  onRefused?(fields: readonly string[]): void;
  children: ComponentChildren;
}

/** A form with its bar to save and discard, and what went wrong. */
export function FormView<T extends object>(props: FormViewProps<T>) {
  const { form, scope, creates = false } = props;
  const { t } = useTextsOf(texts);
  const element = useRef<HTMLFormElement>(null);
  const leaving = useLeave(form.dirty.value, scope);
  const save = async () => {
    if (!creates && !form.dirty.peek()) return;
    if (await form.save()) {
      announce(t(creates ? 'created' : 'saved'));
      props.onSaved?.();
      return;
    }
    const fields = Object.keys(form.problems.peek());
    const field = failedField(form.failure.peek());
    props.onRefused?.(field === null ? fields : [field]);
    setTimeout(() => element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey)
        return;
      event.preventDefault();
      void save();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });

  return (
    <form
      ref={element}
      class="form-view"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {props.children}
      <SaveBar form={form} creates={creates} />
      {leaving.asking && (
        <Confirm
          title={t('leaveTitle')}
          action={t('leave')}
          danger
          onClose={leaving.stay}
          run={() => {
            form.discard();
            leaving.leave();
            return Promise.resolve();
          }}
        >
          <p>{t('leaveText')}</p>
        </Confirm>
      )}
    </form>
  );
}

function SaveBar<T extends object>({ form, creates }: { form: Form<T>; creates: boolean }) {
  const { t, count } = useTextsOf(texts);
  const failureText = useFailure();
  const dirty = form.dirty.value;
  const failure = form.failure.value;
  const wrong = Object.keys(form.problems.value).length;
  if (!creates && !dirty) return null;
  return (
    <div class="save-bar" role="group" aria-label={t('changes')}>
      {failure !== null || wrong > 0 ? (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {failure !== null ? failureText(failure) : count('wrongFields', wrong)}
        </p>
      ) : (
        <p class="save-bar-text">{dirty ? t('unsaved') : ''}</p>
      )}
      {dirty && (
        <button
          type="button"
          class="button"
          disabled={form.busy.value}
          onClick={() => form.discard()}
        >
          {t('discard')}
        </button>
      )}
      <button
        type="submit"
        class="button is-primary"
        disabled={form.busy.value || (creates && !dirty)}
      >
        {form.busy.value && <span class="spinner" aria-hidden="true" />}
        {t(creates ? 'create' : 'save')}
      </button>
    </div>
  );
}

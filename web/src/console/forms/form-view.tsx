import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
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
  /** What a field is called, when others changed it meanwhile. */
  nameOf?(field: string): string;
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
  const saved = () => {
    announce(t(creates ? 'created' : 'saved'));
    props.onSaved?.();
  };
  const save = async () => {
    if (!creates && !form.dirty.peek()) return;
    if (await form.save()) return saved();
    if (form.conflict.peek()) return;
    const fields = Object.keys(form.problems.peek());
    const field = failedField(form.failure.peek());
    props.onRefused?.(field === null ? fields : [field]);
    setTimeout(() => element.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };

  useLayoutEffect(() => {
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
      {form.conflict.value === null ? (
        <SaveBar form={form} creates={creates} />
      ) : (
        <ConflictBar form={form} nameOf={props.nameOf ?? ((field) => field)} onSaved={saved} />
      )}
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

interface ConflictProps<T extends object> {
  form: Form<T>;
  nameOf(field: string): string;
  onSaved(): void;
}

/** Others changed it meanwhile: what, and whose changes are to stay. */
function ConflictBar<T extends object>({ form, nameOf, onSaved }: ConflictProps<T>) {
  const { t } = useTextsOf(texts);
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => root.current?.focus(), []);
  const named = new Map<string, boolean>();
  for (const { field, both } of form.contested()) {
    const name = nameOf(field);
    named.set(name, both || (named.get(name) ?? false));
  }
  return (
    <div ref={root} class="save-bar is-conflict" role="alert" tabIndex={-1}>
      <div class="save-bar-conflict">
        <p class="form-error">
          <Icon name="alert" size={16} />
          {t('conflict')}
        </p>
        <ul>
          {[...named].map(([name, both]) => (
            <li key={name}>{both ? t('conflictBoth', { name }) : name}</li>
          ))}
        </ul>
        <p class="hint">{t('conflictHint')}</p>
      </div>
      <button type="button" class="button" onClick={() => form.discard()}>
        {t('takeTheirs')}
      </button>
      <button
        type="button"
        class="button is-primary"
        onClick={() => void form.keepMine().then((done) => done && onSaved())}
      >
        {t('keepMine')}
      </button>
    </div>
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

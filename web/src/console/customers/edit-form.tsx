import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import { ApiError } from '../../protocol/agent-api';
import type { Customer } from '../../protocol/people';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf } from '../context';
import type { EditFormProps } from '../details/customer-part';
import { isMasked } from '../details/masked';
import { causeOf } from '../loaded';
import './customers.css';

const FIELDS = ['name', 'phone', 'email', 'note'] as const;
const INPUT_MODES = { name: 'text', phone: 'tel', email: 'email' } as const;
type FieldName = (typeof FIELDS)[number];
type Values = Record<FieldName, string>;

type Trouble =
  | { kind: 'field'; field: FieldName; text: string }
  | { kind: 'conflict' }
  | { kind: 'other'; text: string };

/** Changes what is known of a customer, in the place where it stands. */
export default function EditForm({ customer, onSaved, onClose }: EditFormProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [base, setBase] = useState(customer);
  const [values, setValues] = useState<Values>(valuesOf(customer));
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);

  const save = async () => {
    const changes = changed(base, values);
    if (Object.keys(changes).length === 0) return onClose();
    setBusy(true);
    try {
      const body = { version: base.version, ...changes };
      onSaved(await api.patch<Customer>(`customers/${customer.id}`, body));
      onClose();
    } catch (error) {
      const field = error instanceof ApiError ? error.field : null;
      if (error instanceof ApiError && error.status === 409) setTrouble({ kind: 'conflict' });
      else if (isField(field)) setTrouble({ kind: 'field', field, text: t(WRONG[field]) });
      else setTrouble({ kind: 'other', text: causeOf(error, i18n) });
      setBusy(false);
    }
  };

  /** What was typed stays; what the other one changed besides comes in. */
  const takeNewer = async () => {
    setBusy(true);
    try {
      const newer = await api.get<Customer>(`customers/${customer.id}`);
      setValues({ ...valuesOf(newer), ...changed(base, values) });
      setBase(newer);
      onSaved(newer);
      setTrouble(null);
    } catch (error) {
      setTrouble({ kind: 'other', text: causeOf(error, i18n) });
    }
    setBusy(false);
  };

  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void save();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.isComposing) return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      {FIELDS.map((name) => (
        <Field
          key={name}
          label={name === 'note' ? t('note') : i18n.t(name)}
          hint={isMasked(base[name]) ? t('maskedHint') : undefined}
          error={trouble?.kind === 'field' && trouble.field === name ? trouble.text : null}
        >
          {(ties) =>
            name === 'note' ? (
              <textarea
                {...ties}
                class="input"
                maxLength={4000}
                value={values.note}
                onInput={({ currentTarget }) => setValues({ ...values, note: currentTarget.value })}
              />
            ) : (
              <input
                {...ties}
                class="input"
                inputMode={INPUT_MODES[name]}
                autoComplete="off"
                autoFocus={name === 'name'}
                value={values[name]}
                onInput={({ currentTarget }) =>
                  setValues({ ...values, [name]: currentTarget.value })
                }
              />
            )
          }
        </Field>
      ))}
      {trouble?.kind === 'conflict' && (
        <p class="form-error" role="alert">
          {t('editConflict')}
          <button type="button" class="link-button" onClick={() => void takeNewer()}>
            {t('loadNewer')}
          </button>
        </p>
      )}
      {trouble?.kind === 'other' && (
        <p class="form-error" role="alert">
          {trouble.text}
        </p>
      )}
      <div class="form-buttons">
        <button type="button" class="button" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="submit" class="button is-primary" disabled={busy}>
          {t('save')}
        </button>
      </div>
    </form>
  );
}

const WRONG = {
  name: 'wrongName',
  phone: 'wrongPhone',
  email: 'wrongEmail',
  note: 'wrongNote',
} as const;

function isField(name: string | null): name is FieldName {
  return FIELDS.includes(name as FieldName);
}

function valuesOf({ name, phone, email, note }: Customer): Values {
  return { name, phone, email, note };
}

function changed(base: Customer, values: Values): Partial<Values> {
  return Object.fromEntries(
    FIELDS.filter((name) => values[name].trim() !== base[name]).map((name) => [
      name,
      values[name].trim(),
    ]),
  );
}

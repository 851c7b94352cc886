import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/cards';
import type { CardAction, CardAnswer, CardField } from '../../../protocol/cards';
import { ApiError } from '../../../protocol/agent-api';
import { Dialog } from '../../../ui/dialog';
import { Icon } from '../../../ui/icons';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { SelectInput, TextArea, TextInput } from '../../forms/inputs';
import { useFailure } from '../../forms/failure';
import { CARD_TIMEOUT_MS } from '../card';
import '../../forms/forms.css';

interface ActionDialogProps {
  path: string;
  action: CardAction;
  conversation: string;
  onClose(): void;
  onDone(): void;
}

type State = 'filling' | 'sending' | { reason: string };

/** A change in another system, with what it needs to be told. It is asked for once, and never tried again by itself. */
export function ActionDialog({ path, action, conversation, onClose, onDone }: ActionDialogProps) {
  const { api } = useDesk();
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [tried, setTried] = useState(false);
  const [state, setState] = useState<State>('filling');
  const { form = [] } = action;
  const isMissing = ({ name, required = false }: CardField) =>
    required && (values[name] ?? '').trim() === '';
  const submit = async () => {
    setTried(true);
    if (form.some(isMissing)) return;
    setState('sending');
    const filled = Object.entries(values).filter(([, value]) => value !== '');
    try {
      const body = { conversation_id: conversation, form: Object.fromEntries(filled) };
      const answer = await api.post<CardAnswer>(path, body, { timeoutMs: CARD_TIMEOUT_MS });
      const { missing, errors } = answer;
      const reason = errors.map(({ message }) => message).join(' ');
      if (missing.length > 0) setState({ reason: t('missing', { names: missing.join(', ') }) });
      else if (errors.length > 0) setState({ reason: t('unsure', { reason }) });
      else onDone();
    } catch (error) {
      const reason = failureText(error);
      // What the server refused was not begun.
      const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 500;
      setState({ reason: isRefused ? reason : t('unsure', { reason }) });
    }
  };
  return (
    <Dialog title={action.label[locale.value]} onClose={onClose}>
      <form
        class="dialog-stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (state !== 'sending') void submit();
        }}
      >
        {form.map((field) => (
          <Input
            key={field.name}
            field={field}
            value={values[field.name] ?? ''}
            error={tried && isMissing(field) ? t('required') : null}
            set={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))}
        {typeof state === 'object' && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {state.reason}
          </p>
        )}
        <div class="dialog-actions">
          <button type="submit" class="button is-primary" disabled={state === 'sending'}>
            {t(state === 'sending' ? 'sending' : 'send')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface InputProps {
  field: CardField;
  value: string;
  error: string | null;
  set(value: string): void;
}

function Input({ field, value, error, set }: InputProps) {
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  const label = field.label[locale.value];
  switch (field.type) {
    case 'text':
      return <TextInput label={label} value={value} error={error} onInput={set} />;
    case 'textarea':
      return <TextArea label={label} value={value} error={error} onInput={set} />;
    case 'select': {
      const options = (field.options ?? []).map((each) => [each, each] as const);
      return (
        <SelectInput
          label={label}
          value={value}
          error={error}
          options={[['', t('choose')] as const, ...options]}
          onChange={set}
        />
      );
    }
  }
}

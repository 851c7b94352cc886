import { useMemo, useState } from 'preact/hooks';
import { texts } from '../../i18n/bulk';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { subjects } from '../shell/overlays';
import { localValue, presets } from './snooze';
import './dialogs.css';

const YEAR_MS = 365 * 24 * 60 * 60_000;

/** Until when a conversation is set aside: some usual times, or any other. */
export default function SnoozeDialog({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const now = useMemo(() => new Date(), []);
  const [value, setValue] = useState(() => localValue(new Date(now.getTime() + 60 * 60_000)));
  const [error, setError] = useState<string | null>(null);
  const snooze = (until: Date) => {
    onClose();
    const [id] = subjects.peek();
    if (id !== undefined) void desk.snooze(id, until);
  };
  const submit = () => {
    const until = new Date(value);
    const ahead = until.getTime() - Date.now();
    if (ahead > 0 && ahead < YEAR_MS) snooze(until);
    else setError(t(ahead > 0 ? 'snoozeTooLate' : 'snoozePast'));
  };
  return (
    <Dialog title={t('snoozeTitle')} onClose={onClose}>
      <p class="hint">{t('snoozeHint')}</p>
      <div class="snooze-presets">
        {presets(now).map(({ name, at }) => (
          <button key={name} type="button" class="menu-item" onClick={() => snooze(at)}>
            <span>{t(`snooze_${name}`)}</span>
            <span class="hint">{moment(at.getTime(), i18n)}</span>
          </button>
        ))}
      </div>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label={t('snoozeAt')} error={error}>
          {(ties) => (
            <input
              class="input"
              type="datetime-local"
              required
              min={localValue(now)}
              value={value}
              onInput={(event) => {
                setValue(event.currentTarget.value);
                setError(null);
              }}
              {...ties}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="submit" class="button is-primary">
            {t('snoozeSet')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

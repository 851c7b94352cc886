import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import { Icon } from '../../ui/icons';
import { useConsole, useTextsOf } from '../context';

interface SubjectProps {
  subject: string;
  /** Resolves to whether it was changed. */
  onChange(subject: string): Promise<boolean>;
}

/** What a ticket is about, changed in its place. */
export function Subject({ subject, onChange }: SubjectProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [typed, setTyped] = useState<string | null>(null);
  if (typed === null) {
    return (
      <div class="ticket-subject">
        <h1>{subject}</h1>
        <button
          type="button"
          class="icon-button"
          aria-label={t('editSubject')}
          title={t('editSubject')}
          onClick={() => setTyped(subject)}
        >
          <Icon name="edit" size={16} />
        </button>
      </div>
    );
  }
  const save = async () => {
    const next = typed.trim();
    if (next === '' || next === subject || (await onChange(next))) setTyped(null);
  };
  return (
    <form
      class="ticket-subject"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        class="input"
        aria-label={t('subject')}
        maxLength={200}
        autoFocus
        value={typed}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || event.isComposing) return;
          event.preventDefault();
          event.stopPropagation();
          setTyped(null);
        }}
      />
      <button type="submit" class="button is-primary">
        {t('save')}
      </button>
      <button type="button" class="button" onClick={() => setTyped(null)}>
        {i18n.t('close')}
      </button>
    </form>
  );
}

import { useMemo, useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { texts } from '../../i18n/chat';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';
import { Loaded } from '../loaded';
import type { Handling } from './handling';
import type { PanelProps } from './panel';
import {
  nameOf,
  type Option,
  optionsOf,
  type People,
  RecipientList,
  recipientOf,
  usePeople,
} from './recipients';

export default function TransferDialog({ chat, conversation, close }: PanelProps) {
  const { t } = useTextsOf(texts);
  const people = usePeople();
  return (
    <Dialog title={t('transferTitle')} onClose={close}>
      <Loaded of={people}>
        {(value) => (
          <TransferForm
            conversation={conversation}
            people={value}
            handling={chat.handling}
            close={close}
          />
        )}
      </Loaded>
    </Dialog>
  );
}

interface TransferFormProps {
  conversation: Conversation;
  people: People;
  handling: Handling;
  close(): void;
}

function TransferForm({ conversation, people, handling, close }: TransferFormProps) {
  const { t } = useTextsOf(texts);
  const [selected, setSelected] = useState<Option | null>(null);
  const [note, setNote] = useState('');
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const options = useMemo(
    () => optionsOf(people, conversation.assignee?.id ?? null, conversation.state !== 'queued'),
    [conversation, people],
  );

  const submit = async () => {
    if (selected === null || sending) return;
    setSending(true);
    setError(null);
    // Whoever gets it finds the note there; written once, however often the transfer is tried.
    const noted = note.trim() === '' || (await handling.note(note.trim()));
    if (noted) setNote('');
    const done = noted && (await handling.transfer(recipientOf(selected)));
    setSending(false);
    if (done) close();
    else setError(t(noted ? 'transferRefused' : 'transferNoteRefused'));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      onKeyDown={(event) => {
        const ends = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
        if (!ends || event.isComposing) return;
        event.preventDefault();
        void submit();
      }}
    >
      <RecipientList options={options} onChoose={setSelected} onPick={() => void submit()} />
      <Field label={t('transferNote')} hint={t('transferNoteHint')} error={error}>
        {(ties) => (
          <textarea
            class="input"
            rows={2}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
            {...ties}
          />
        )}
      </Field>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          {t('cancel')}
        </button>
        <button type="submit" class="button is-primary" disabled={selected === null || sending}>
          <Icon name="swap" size={16} />
          {selected
            ? t('transferTo', { name: nameOf(selected, t('transferQueue')) })
            : t('transferTitle')}
        </button>
      </div>
    </form>
  );
}

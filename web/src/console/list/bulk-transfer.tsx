import { useState } from 'preact/hooks';
import { texts } from '../../i18n/bulk';
import { texts as chatTexts } from '../../i18n/chat';
import { Dialog } from '../../ui/dialog';
import {
  nameOf,
  optionsOf,
  type People,
  RecipientList,
  recipientOf,
  usePeople,
} from '../chat/recipients';
import { useDesk, useTextsOf } from '../context';
import { Loaded } from '../loaded';
import { subjects } from '../shell/overlays';
import { transferAll } from './bulk';
import './dialogs.css';

/** Hands all that are selected to an agent or a team, or back to the queue. */
export default function BulkTransfer({ onClose }: { onClose(): void }) {
  const people = usePeople();
  const { count } = useTextsOf(texts);
  return (
    <Dialog title={count('transferMany', subjects.value.length)} onClose={onClose}>
      <Loaded of={people}>{(value) => <Form people={value} onClose={onClose} />}</Loaded>
    </Dialog>
  );
}

function Form({ people, onClose }: { people: People; onClose(): void }) {
  const desk = useDesk();
  const { t } = useTextsOf(chatTexts);
  const options = optionsOf(people, null, true);
  const [chosen, setChosen] = useState(options[0] ?? null);
  const submit = () => {
    if (!chosen) return;
    onClose();
    void transferAll(desk, subjects.peek(), recipientOf(chosen));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <RecipientList options={options} onChoose={setChosen} onPick={submit} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          {t('cancel')}
        </button>
        <button type="submit" class="button is-primary" disabled={chosen === null}>
          {chosen ? t('transferTo', { name: nameOf(chosen, t('transferQueue')) }) : t('transferTitle')}
        </button>
      </div>
    </form>
  );
}

import { useState } from 'preact/hooks';
import { texts } from '../../i18n/bulk';
import { texts as chatTexts } from '../../i18n/chat';
import { Dialog } from '../../ui/dialog';
import { TagChoices } from '../chat/tag-choices';
import { useDesk, useTextsOf } from '../context';
import { subjects } from '../shell/overlays';
import { tagAll } from './bulk';
import './dialogs.css';

/** Adds tags to all that are selected. */
export default function BulkTags({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { t } = useTextsOf(chatTexts);
  const { count } = useTextsOf(texts);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  return (
    <Dialog title={count('tagMany', subjects.value.length)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          void tagAll(desk, subjects.peek(), [...chosen]);
        }}
      >
        <TagChoices
          has={({ id }) => chosen.has(id)}
          toggle={({ id }) => {
            const next = new Set(chosen);
            if (!next.delete(id)) next.add(id);
            setChosen(next);
          }}
        >
          <div class="dialog-actions">
            <button type="button" class="button" onClick={onClose}>
              {t('cancel')}
            </button>
            <button type="submit" class="button is-primary" disabled={chosen.size === 0}>
              {count('addTags', chosen.size)}
            </button>
          </div>
        </TagChoices>
      </form>
    </Dialog>
  );
}

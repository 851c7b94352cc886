import { texts } from '../../i18n/chat';
import { useTextsOf } from '../context';
import type { Chat } from './chat';
import { TagChoices } from './tag-choices';

/** As many as the server takes. */
const TAGS_MAX = 20;

/** The tags of one conversation, which change as they are chosen. */
export default function TagPicker({ chat, close }: { chat: Chat; close(): void }) {
  const { t } = useTextsOf(texts);
  const { handling } = chat;
  const held = handling.tags.value;
  const isHeld = (id: string) => held.some((tag) => tag.id === id);
  return (
    <div class="tag-picker">
      <TagChoices
        has={({ id }) => isHeld(id)}
        toggle={(tag) => {
          if (isHeld(tag.id)) void handling.setTags(held.filter(({ id }) => id !== tag.id));
          else if (held.length < TAGS_MAX) void handling.setTags([...held, tag]);
        }}
      >
        <button type="button" class="button" onClick={close}>
          {t('done')}
        </button>
      </TagChoices>
    </div>
  );
}

import { EmojiPicker } from '../../ui/emoji';
import { Popover } from '../../ui/popover';
import type { MenuButton } from '../on-demand';

/** Emoji above the field. */
export function EmojiMenu({ onPick, ...button }: MenuButton & { onPick(emoji: string): void }) {
  return (
    <Popover {...button} up>
      {(close) => (
        <EmojiPicker
          onPick={(emoji) => {
            close();
            onPick(emoji);
          }}
        />
      )}
    </Popover>
  );
}

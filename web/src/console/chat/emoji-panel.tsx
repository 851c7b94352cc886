import { EmojiPicker } from '../../ui/emoji';
import type { Chat } from './chat';

export default function EmojiPanel({ chat, close }: { chat: Chat; close(): void }) {
  return (
    <EmojiPicker
      onPick={(emoji) => {
        close();
        chat.writing.insert(emoji);
      }}
    />
  );
}

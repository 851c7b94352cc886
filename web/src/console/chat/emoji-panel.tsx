import { useLayoutEffect, useRef } from 'preact/hooks';
import { EmojiPicker } from '../../ui/emoji';
import type { Chat } from './chat';

export default function EmojiPanel({ chat, close }: { chat: Chat; close(): void }) {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => root.current?.querySelector('button')?.focus(), []);
  return (
    <div ref={root}>
      <EmojiPicker
        onPick={(emoji) => {
          close();
          chat.writing.insert(emoji);
        }}
      />
    </div>
  );
}

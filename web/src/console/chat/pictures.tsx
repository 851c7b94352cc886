import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Message } from '../../protocol/types';
import { freshUrl } from '../../protocol/fresh-url';
import type { BodyActions } from '../../ui/message-body';
import { useDesk } from '../context';
import type { Chat } from './chat';

type Lightbox = typeof import('../../ui/lightbox');

interface Opened {
  seq: number;
  box: Lightbox;
}

export interface Content extends BodyActions {
  /** The picture that is shown large. */
  opened: Signal<Opened | null>;
}

/** What agents can do with what messages hold. */
export function useContent(): Content {
  const { api } = useDesk();
  const opened = useSignal<Opened | null>(null);
  return useMemo(
    () => ({
      opened,
      freshUrl: freshUrl(api),
      onOpenImage: (message) => void open(message, opened),
    }),
    [api, opened],
  );
}

/** What shows pictures large comes with the first of them; without it the browser shows them. */
async function open({ seq, data }: Message, opened: Signal<Opened | null>): Promise<void> {
  try {
    opened.value = { seq, box: await import('../../ui/lightbox') };
  } catch {
    window.open(String(data?.['url']), '_blank', 'noopener');
  }
}

/** The picture that was clicked, over everything, with the others of the conversation beside it. */
export function Pictures({ chat, content }: { chat: Chat; content: Content }) {
  const opened = content.opened.value;
  if (!opened) return null;
  const { Lightbox, imagesOf } = opened.box;
  return (
    <Lightbox
      images={imagesOf(chat.history.value.items)}
      start={opened.seq}
      freshUrl={content.freshUrl}
      onClose={() => (content.opened.value = null)}
    />
  );
}

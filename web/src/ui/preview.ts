import type { Message } from '../protocol/types';
import type { SharedI18n } from './time';

/** What stands for a message whose sender gave it no text. */
const FALLBACK = /^\[(image|file|voice message|video|location|card|form)\]$/;

/** What a message says besides its `data`. */
export function captionOf({ kind, text }: Pick<Message, 'kind' | 'text'>): string {
  return kind !== 'text' && kind !== 'note' && FALLBACK.test(text) ? '' : text;
}

/** A message in one line: its text, or what it is. */
export function previewOf(
  message: Pick<Message, 'kind' | 'text' | 'data' | 'revision'>,
  { t }: SharedI18n,
): string {
  const { kind, data, revision } = message;
  if (revision === 'recalled' || revision === 'erased') return t(revision);
  const caption = captionOf(message);
  if (kind === 'text' || kind === 'note' || kind === 'event') return caption;
  const about = caption || data?.['name'] || data?.['title'];
  return about ? `${t(`kind_${kind}`)} ${about}` : t(`kind_${kind}`);
}

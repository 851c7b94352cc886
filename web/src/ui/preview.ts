import type { Message } from '../protocol/types';
import { captionOf } from './message-body';
import type { SharedI18n } from './time';

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

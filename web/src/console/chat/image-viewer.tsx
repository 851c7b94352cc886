import { Lightbox } from '../../ui/lightbox';
import type { PanelProps } from './panel';

/** The pictures of the conversation, one after the other. */
export default function ImageViewer({ chat, close }: PanelProps) {
  const panel = chat.panel.value;
  if (panel?.kind !== 'image') return null;
  const images = chat.history.value.items.filter(
    (each) => each.kind === 'image' && each.revision !== 'recalled' && each.revision !== 'erased',
  );
  return (
    <Lightbox
      images={images}
      start={panel.message.seq}
      freshUrl={(file) => chat.freshUrl(file)}
      onClose={close}
    />
  );
}

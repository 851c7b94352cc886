import type { Message, MessageKind } from '../../../protocol/types';
import { texts } from '../../../i18n/chat';
import { MessageBody } from '../../../ui/message-body';
import { useDesk, useTextsOf } from '../../context';

interface PreviewProps {
  kind: MessageKind;
  data: object;
}

/** How the message that is being made will look. */
export function Preview({ kind, data }: PreviewProps) {
  const { id, name } = useDesk().me.value;
  const { t } = useTextsOf(texts);
  const message: Message = {
    conversation_id: '',
    seq: 0,
    prev_seq: 0,
    id: 'preview',
    client_id: null,
    from: { kind: 'agent', id, name },
    kind,
    text: '',
    data: { ...data },
    created_at: new Date().toISOString(),
  };
  return (
    <div class="builder-preview">
      <p class="menu-title">{t('preview')}</p>
      <div class="bubble">
        <MessageBody message={message} side="agent" />
      </div>
    </div>
  );
}

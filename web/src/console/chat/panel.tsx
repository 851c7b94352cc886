import type { Conversation } from '../../protocol/types';
import type { Chat } from './chat';
import { lazy } from './lazy';

export interface PanelProps {
  chat: Chat;
  conversation: Conversation;
  close(): void;
}

const TransferDialog = lazy<PanelProps>(() => import('./transfer-dialog'));
const CannedPicker = lazy<PanelProps>(() => import('./canned/picker'));
const KnowledgeDialog = lazy<PanelProps>(() => import('./knowledge-dialog'));
const CardBuilder = lazy<PanelProps>(() => import('./builders/card-builder'));
const FormBuilder = lazy<PanelProps>(() => import('./builders/form-builder'));
const WhisperDialog = lazy<PanelProps>(() => import('./whisper-dialog'));
const RevealDialog = lazy<PanelProps>(() => import('./reveal-dialog'));

/** What is open beside the conversation. */
export function PanelView({ chat, conversation }: Omit<PanelProps, 'close'>) {
  const panel = chat.panel.value;
  const close = () => {
    if (chat.panel.peek() === panel) chat.panel.value = null;
  };
  const props: PanelProps = { chat, conversation, close };
  switch (panel?.kind) {
    case 'transfer':
      return <TransferDialog {...props} />;
    case 'canned':
      return <CannedPicker {...props} />;
    case 'knowledge':
      return <KnowledgeDialog {...props} />;
    case 'card':
      return <CardBuilder {...props} />;
    case 'form':
      return <FormBuilder {...props} />;
    case 'whisper':
      return <WhisperDialog {...props} />;
    case 'reveal':
      return <RevealDialog {...props} />;
    case undefined:
      return null;
  }
}

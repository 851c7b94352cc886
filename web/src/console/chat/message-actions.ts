import type { Agent, Message } from '../../protocol/types';
import { previewOf } from '../../ui/preview';
import type { MessageAction } from '../../ui/message-menu';
import type { ConsoleI18n } from '../context';
import type { Chat } from './chat';
import { standingOf } from './standing';

const EDIT_MS = 15 * 60_000;
const RECALL_MS = 2 * 60_000;
/** As the server masks: a run of stars beside what is left of a number or address. */
const MASKED = /\*{3,}/;

function isOwn(message: Message, me: Agent): boolean {
  return message.from.kind === 'agent' && message.from.id === me.id;
}

function isGone(message: Message): boolean {
  return message.revision === 'recalled' || message.revision === 'erased';
}

export function mayEdit(message: Message, me: Agent, now: number): boolean {
  const written = message.kind === 'text' || message.kind === 'note';
  const fresh = now - Date.parse(message.created_at) < EDIT_MS;
  return written && fresh && isOwn(message, me) && !isGone(message);
}

export function mayRecall(message: Message, me: Agent, now: number): boolean {
  if (message.kind === 'event' || isGone(message) || message.client_id === null) return false;
  const ours = message.from.kind === 'agent' || message.from.kind === 'bot';
  if (ours && me.permissions.includes('conversations.all')) return true;
  return isOwn(message, me) && now - Date.parse(message.created_at) < RECALL_MS;
}

/** The last own message whose text can still be changed. */
export function newestEditable(chat: Chat, me: Agent, now: number): Message | null {
  const { items } = chat.history.peek();
  for (let at = items.length - 1; at >= 0; at--) {
    if (mayEdit(items[at]!, me, now)) return items[at]!;
  }
  return null;
}

/** The menu of a message. */
export function messageActions(
  chat: Chat,
  message: Message,
  me: Agent,
  nameOf: (message: Message) => string,
  i18n: ConsoleI18n,
): MessageAction[] {
  const { t } = i18n;
  const now = Date.now();
  const actions: MessageAction[] = [];
  if (message.kind === 'event' || isGone(message)) return actions;
  if (message.kind !== 'note' && mayReply(chat, me)) {
    actions.push({
      icon: 'quote',
      label: t('quote'),
      run: () =>
        chat.writing.quote({
          seq: message.seq,
          from: nameOf(message),
          text: previewOf(message, i18n),
        }),
    });
  }
  actions.push({
    icon: 'copy',
    label: t('copy'),
    run: () => void navigator.clipboard.writeText(previewOf(message, i18n)).catch(() => undefined),
  });
  if (mayEdit(message, me, now)) {
    actions.push({ icon: 'edit', label: t('edit'), run: () => chat.writing.edit(message) });
  }
  if (mayRecall(message, me, now)) {
    const recall = () => void chat.writing.recall(message);
    actions.push({ icon: 'undo', label: t('recall'), run: recall });
  }
  if (chat.revealed.peek().has(message.seq)) {
    actions.push({ icon: 'lock', label: t('hideAgain'), run: () => chat.hide(message.seq) });
  } else if (me.permissions.includes('customers.reveal') && isMasked(message)) {
    actions.push({
      icon: 'eye',
      label: t('reveal'),
      run: () => (chat.panel.value = { kind: 'reveal', message }),
    });
  }
  return actions;
}

function mayReply({ conversation }: Chat, me: Agent): boolean {
  const standing = conversation && standingOf(conversation, me);
  return standing !== undefined && standing.replies;
}

function isMasked(message: Message): boolean {
  return MASKED.test(message.text) || (!!message.data && MASKED.test(JSON.stringify(message.data)));
}

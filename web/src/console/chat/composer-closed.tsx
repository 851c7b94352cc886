import type { Conversation } from '../../protocol/types';
import { Icon, type IconName } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { titled } from '../shell/shortcuts';
import { accept } from './accept';
import type { Chat } from './chat';
import type { Standing } from './standing';

interface ComposerClosedProps {
  chat: Chat;
  conversation: Conversation;
  standing: Standing;
}

/** Why nothing can be written here, and what changes that. */
export function ComposerClosed({ chat, conversation, standing }: ComposerClosedProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { state, assignee } = conversation;
  const { withBot, oversees, handled, manages } = standing;
  const takable = state === 'queued' || (withBot && oversees);
  const observed = handled && oversees;
  const prompt = withBot
    ? t('botAnswers')
    : state === 'resolved'
      ? t('reopenToReply')
      : state === 'queued' || state === 'new'
        ? t('acceptToReply')
        : t('notYours', { name: assignee?.name ?? '' });
  const button = (icon: IconName, text: string, title: string, run: () => void, primary = false) => (
    <button
      type="button"
      class={`button ${primary ? 'is-primary' : ''}`}
      title={title}
      disabled={desk.busy.value}
      onClick={run}
    >
      <Icon name={icon} size={16} />
      {text}
    </button>
  );
  return (
    <div class="composer-closed">
      <Icon name={withBot ? 'bot' : state === 'resolved' ? 'check' : 'lock'} size={18} />
      <span>
        {prompt}
        {observed && <span class="hint">{t('auditHint')}</span>}
      </span>
      {manages &&
        button('lock', t('addNote'), titled(t('addNote'), 'note'), () =>
          chat.writing.choose('note'),
        )}
      {observed && (
        <>
          {button('whisper', t('whisper'), t('whisperHint'), () => {
            chat.panel.value = { kind: 'whisper' };
          })}
          {button('join', t('join'), t('joinHint'), () => void chat.handling.oversee('join'))}
          {button('swap', t('takeOver'), t('takeOverHint'), () => {
            void chat.handling.oversee('takeover');
          })}
        </>
      )}
      {takable &&
        button('check', t('accept'), titled(t('accept'), 'accept'), () => {
          void accept(desk, chat.id);
        }, true)}
      {state === 'resolved' &&
        manages &&
        button('reopen', t('reopen'), t('reopen'), () => void desk.act(chat.id, 'reopen'))}
    </div>
  );
}

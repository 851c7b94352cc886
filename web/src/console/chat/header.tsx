import { useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useDesk, visitorName } from '../context';
import { StateTag } from '../list/list-pane';
import { isMine } from '../list/views';
import { href, route } from '../router';
import type { Chat } from './chat';
import { HeaderActions } from './header-actions';
import { HeaderStrip } from './header-strip';
import { PriorityMark } from './priority';

const COPIED_SHOWN_MS = 1_500;

interface HeaderProps {
  chat: Chat;
  conversation: Conversation;
  details: boolean;
  onDetails(): void;
}

export function Header({ chat, conversation, details, onDetails }: HeaderProps) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const { visitor, state, inbox, team, priority, joined = [] } = conversation;
  const name = visitorName(visitor, i18n);
  return (
    <>
      <header class="chat-header">
        <BackLink />
        <Avatar name={name} seed={visitor.id} size={36} />
        <div class="chat-heading">
          <h2>
            <span>{name}</span>
            {visitor.verified && <Icon name="shield" size={16} label={t('verified')} />}
            <Presence online={chat.online.value} />
            <ConversationId id={conversation.id} />
          </h2>
          <p>
            <StateTag state={state} />
            {conversation.snoozed_until && (
              <span class="chat-snoozed">
                {t('snoozedUntil', { time: moment(conversation.snoozed_until, i18n) })}
              </span>
            )}
            {priority !== 'normal' && <PriorityMark priority={priority} />}
            <Assignee conversation={conversation} />
            {joined.length > 0 && (
              <span class="chat-joined" title={t('joinedBy', { names: namesOf(joined) })}>
                <Icon name="user" size={12} />
                {t('joinedBy', { names: namesOf(joined) })}
              </span>
            )}
            {team && <span>{team.name}</span>}
            <span>{inbox.name}</span>
          </p>
        </div>
        <HeaderActions chat={chat} conversation={conversation} />
        <button
          type="button"
          class="icon-button details-button"
          aria-label={t('details')}
          title={t('details')}
          aria-expanded={details}
          onClick={onDetails}
        >
          <Icon name="info" size={20} />
        </button>
      </header>
      <HeaderStrip chat={chat} conversation={conversation} />
      <Collision chat={chat} />
    </>
  );
}

function namesOf(people: readonly { name: string }[]): string {
  return people.map((each) => each.name).join('、');
}

export function BackLink() {
  const { t } = useConsole().i18n;
  return (
    <a class="icon-button back" href={href(route.value.view)} aria-label={t('back')}>
      <Icon name="back" size={20} />
    </a>
  );
}

function Presence({ online }: { online: boolean | null }) {
  const { t } = useConsole().i18n;
  if (online === null) return null;
  return (
    <small class="chat-presence">
      <i class={`dot ${online ? 'is-online' : ''}`} />
      {t(online ? 'statusOnline' : 'statusOffline')}
    </small>
  );
}

function ConversationId({ id }: { id: string }) {
  const { t } = useConsole().i18n;
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_SHOWN_MS);
  };
  const label = t(copied ? 'copied' : 'copyId');
  return (
    <button
      type="button"
      class="chat-id"
      title={label}
      aria-label={`${label} ${id.slice(-6)}`}
      onClick={() => void copy().catch(() => undefined)}
    >
      #{id.slice(-6)}
      <Icon name={copied ? 'check' : 'copy'} size={12} />
    </button>
  );
}

function Assignee({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { assignee, state } = conversation;
  if (!assignee) {
    return <span class="chat-assignee">{t(state === 'open' ? 'withBot' : 'unassigned')}</span>;
  }
  const mine = isMine(conversation, desk.me.value);
  return (
    <span class="chat-assignee">
      <Avatar name={assignee.name} seed={assignee.id} size={16} />
      {mine ? t('assignedToMe') : t('assignee', { name: assignee.name })}
    </span>
  );
}

/** Says that a colleague is writing, before two answers go out. */
function Collision({ chat }: { chat: Chat }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const typing = desk.typing.value.get(chat.id);
  const name = typing?.kind === 'agent' ? typing.name : null;
  return (
    <div role="status" class="chat-collision-slot">
      {name !== null && (
        <p class="chat-collision">
          <Icon name="edit" size={14} />
          {t('isReplying', { name })}
        </p>
      )}
    </div>
  );
}

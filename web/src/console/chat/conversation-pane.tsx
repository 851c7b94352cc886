import { useMemo } from 'preact/hooks';
import type { Conversation, Message, Person } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { sharedEventText } from '../../ui/event-text';
import { Icon, type IconName } from '../../ui/icons';
import { useSlow } from '../../ui/hooks';
import { previewOf } from '../../ui/preview';
import { type MessageAction, TimelineView } from '../../ui/timeline-view';
import { accept } from './accept';
import type { Chat } from './chat';
import { Composer } from './composer';
import { type ConsoleI18n, useConsole, useDesk, visitorName } from '../context';
import type { Action } from '../desk';
import { StateTag } from '../list/list-pane';
import { href, route } from '../router';
import { Pictures, useContent } from './pictures';
import { TransferMenu } from './transfer-menu';
import { isMine } from '../list/views';

interface ConversationPaneProps {
  details: boolean;
  onDetails(): void;
}

export function ConversationPane(props: ConversationPaneProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const chat = desk.chat.value;
  if (!chat) {
    return (
      <main class="chat-pane">
        <div class="pane-state">
          <Icon name="inbox" size={36} />
          <p class="pane-title">{t('pick')}</p>
          <p>{t('pickHint')}</p>
          <p class="hint">{t('pickKeys')}</p>
        </div>
      </main>
    );
  }
  return (
    <main class="chat-pane" key={chat.id}>
      <ChatBody chat={chat} {...props} />
    </main>
  );
}

function ChatBody({ chat, ...props }: ConversationPaneProps & { chat: Chat }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const content = useContent();
  const status = chat.status.value;
  const slow = useSlow(status === 'loading', 150);
  const { conversation } = chat;
  const meId = desk.me.value.id;
  const meName = desk.me.value.name;
  const me = useMemo<Person>(() => ({ kind: 'agent', id: meId, name: meName }), [meId, meName]);
  const outbox = useMemo(
    () => desk.outbox.value.filter((entry) => entry.conversation_id === chat.id),
    [desk.outbox.value, chat.id],
  );

  if (status === 'forbidden' || status === 'gone' || status === 'error') {
    return (
      <>
        <Back />
        <div class="pane-state" role="alert">
          <Icon name={status === 'error' ? 'alert' : 'lock'} size={32} />
          <p>
            {t(
              status === 'forbidden'
                ? 'chatForbidden'
                : status === 'gone'
                  ? 'chatGone'
                  : 'chatFailed',
            )}
          </p>
          {status === 'error' && (
            <button type="button" class="button" onClick={() => void chat.load()}>
              {t('retry')}
            </button>
          )}
        </div>
      </>
    );
  }
  if (status === 'loading' || !conversation) {
    return (
      <>
        {conversation ? <Header conversation={conversation} {...props} /> : <Back />}
        <div class="skeleton-chat" role="status" aria-label={t('loading')}>
          {slow && [44, 30, 52].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
        </div>
      </>
    );
  }
  const name = visitorName(conversation.visitor, i18n);
  const typing = desk.typing.value.get(chat.id);
  return (
    <>
      <Header conversation={conversation} {...props} />
      <TimelineView
        side="agent"
        me={me}
        label={t('timeline', { name })}
        history={chat.history.value}
        outbox={outbox}
        readSeq={conversation.visitor_read_seq}
        typing={typing ?? null}
        nameOf={(person) => (person.kind === 'visitor' ? name : person.name)}
        eventText={(message) => eventText(message, i18n)}
        onOlder={() => chat.older()}
        onResend={(id) => desk.client.resend(id)}
        onDiscard={(id) => desk.client.discard(id)}
        content={content}
        progress={desk.progress.shares}
        actions={(message) => [copyAction(message, i18n)]}
        unreadSeq={chat.unreadSeq}
        onReach={(seq) => chat.reach(seq)}
      />
      <Pictures chat={chat} content={content} />
      <Composer chat={chat} conversation={conversation} />
    </>
  );
}

function Back() {
  const { t } = useConsole().i18n;
  return (
    <div class="chat-header is-bare">
      <a class="icon-button back" href={href(route.value.view)} aria-label={t('back')}>
        <Icon name="back" size={20} />
      </a>
    </div>
  );
}

function Header({
  conversation,
  details,
  onDetails,
}: ConversationPaneProps & { conversation: Conversation }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const { visitor, state, assignee, inbox } = conversation;
  const name = visitorName(visitor, i18n);
  const mine = isMine(conversation, desk.me.value);
  const assigned = assignee
    ? mine
      ? t('assignedToMe')
      : t('assignee', { name: assignee.name })
    : t('unassigned');
  return (
    <header class="chat-header">
      <a class="icon-button back" href={href(route.value.view)} aria-label={t('back')}>
        <Icon name="back" size={20} />
      </a>
      <Avatar name={name} seed={visitor.id} size={36} />
      <div class="chat-heading">
        <h2>
          <span>{name}</span>
          {visitor.verified && <Icon name="shield" size={16} label={t('verified')} />}
        </h2>
        <p>
          <StateTag state={state} />
          <span>{inbox.name}</span>
          <span>{assigned}</span>
        </p>
      </div>
      <Actions conversation={conversation} />
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
  );
}

function Actions({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const me = desk.me.value;
  const { id, state } = conversation;
  const may = isMine(conversation, me) || me.role !== 'agent';
  const button = (action: Action, icon: IconName, primary: boolean, title?: string) => (
    <button
      type="button"
      class={`button ${primary ? 'is-primary' : ''}`}
      disabled={desk.busy.value}
      title={title ?? t(action)}
      onClick={() => void (action === 'accept' ? accept(desk, id) : desk.act(id, action))}
    >
      <Icon name={icon} size={16} />
      <span class="button-text">{t(action)}</span>
    </button>
  );
  return (
    <div class="chat-actions">
      {state === 'queued' && button('accept', 'check', true, `${t('accept')} (Alt+A)`)}
      {(state === 'open' || state === 'pending') && may && (
        <>
          {!isMine(conversation, me) && (
            <button
              type="button"
              class="button"
              disabled={desk.busy.value}
              title={t('takeOver')}
              onClick={() => void desk.transfer(id, me.id)}
            >
              <Icon name="user" size={16} />
              <span class="button-text">{t('takeOver')}</span>
            </button>
          )}
          <TransferMenu conversation={conversation} />
          {state === 'open' ? button('pending', 'pause', false) : button('reopen', 'reopen', false)}
          {button('resolve', 'check', true, `${t('resolve')} (Alt+E)`)}
        </>
      )}
      {state === 'resolved' && may && button('reopen', 'reopen', false)}
    </div>
  );
}

function copyAction(message: Message, i18n: ConsoleI18n): MessageAction {
  const run = () => void navigator.clipboard.writeText(previewOf(message, i18n));
  return { icon: 'copy', label: i18n.t('copy'), run };
}

function eventText(message: Message, i18n: ConsoleI18n): string {
  const { t } = i18n;
  const { event } = message;
  if (!event) return message.text;
  const agent = event.agent?.name ?? '';
  const by = event.by?.kind === 'agent' ? event.by.name : '';
  const own = by !== '' && event.by?.id === event.agent?.id;
  switch (event.code) {
    case 'queued':
      return t('eventQueued');
    case 'assigned':
      if (own) return t('eventAccepted', { agent });
      return by ? t('eventAssignedBy', { by, agent }) : t('eventAssigned', { agent });
    case 'transferred':
      if (!agent) return by ? t('eventTransferredQueueBy', { by }) : t('eventTransferredQueue');
      return by && !own ? t('eventTransferredBy', { by, agent }) : t('eventTransferred', { agent });
    case 'pending':
      return by ? t('eventPendingBy', { by }) : t('eventPending');
    case 'resolved':
      return by ? t('eventResolvedBy', { by }) : t('eventResolved');
    case 'reopened':
      return by ? t('eventReopenedBy', { by }) : t('eventReopened');
    case 'rated':
      return t('eventRated', { score: event.score ?? '' });
    default:
      return sharedEventText(message, i18n) ?? message.text;
  }
}

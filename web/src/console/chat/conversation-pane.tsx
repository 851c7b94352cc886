import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Message, Person } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useSlow } from '../../ui/hooks';
import { MessageMenu } from '../../ui/message-menu';
import { TimelineView } from '../../ui/timeline-view';
import { useConsole, useDesk, visitorName } from '../context';
import { route } from '../router';
import { keysOf, keyText } from '../shell/shortcuts';
import type { Chat } from './chat';
import { ComposerArea } from './composer';
import { DropZone } from './drop-zone';
import { eventText } from './event-text';
import { BackLink, Header } from './header';
import { messageActions } from './message-actions';
import { Pictures, useContent } from './pictures';
import { SummaryLine, summaryOf } from './summary';

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
          <p class="hint">
            {t('pickKeys', {
              palette: keyText(keysOf('palette')),
              sheet: keyText(keysOf('sheet')),
            })}
          </p>
        </div>
      </main>
    );
  }
  return (
    <main class="chat-pane" key={chat.id}>
      <DropZone chat={chat}>
        <ChatBody chat={chat} {...props} />
      </DropZone>
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
  const typing = useComputed(() => desk.typing.value.get(chat.id)).value;
  const me = desk.me.value;
  const self = useMemo<Person>(
    () => ({ kind: 'agent', id: me.id, name: me.name }),
    [me.id, me.name],
  );
  const outbox = useMemo(
    () => desk.outbox.value.filter((entry) => entry.conversation_id === chat.id),
    [desk.outbox.value, chat.id],
  );

  if (status === 'forbidden' || status === 'gone' || status === 'error') {
    return (
      <>
        <Bare />
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
        {conversation ? <Header chat={chat} conversation={conversation} {...props} /> : <Bare />}
        <div class="skeleton-chat" role="status" aria-label={t('loading')}>
          {slow && [44, 30, 52].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
        </div>
      </>
    );
  }
  const name = visitorName(conversation.visitor, i18n);
  const nameOf = (person: Person) => (person.kind === 'visitor' ? name : person.name);
  const sender = (message: Message) => nameOf(message.from);
  return (
    <>
      <Header chat={chat} conversation={conversation} {...props} />
      <TimelineView
        side="agent"
        me={self}
        label={t('timeline', { name })}
        history={chat.history.value}
        outbox={outbox}
        readSeq={conversation.visitor_read_seq}
        typing={typing && typing.kind !== 'agent' ? typing : null}
        nameOf={nameOf}
        eventText={(message) => eventText(message, i18n)}
        onOlder={() => chat.older()}
        onResend={(id) => desk.client.resend(id)}
        onDiscard={(id) => desk.client.discard(id)}
        progress={desk.progress.shares}
        content={content}
        onReach={(seq) => chat.reach(seq)}
        startSeq={startSeq()}
        unreadSeq={chat.unreadSeq}
        menu={(message, own) => {
          const summary = summaryOf(message);
          return (
            <>
              {summary && <SummaryLine summary={summary} />}
              <MessageMenu own={own} actions={() => messageActions(chat, message, me, sender, i18n)} />
            </>
          );
        }}
      />
      <Pictures chat={chat} content={content} />
      <ComposerArea chat={chat} conversation={conversation} />
    </>
  );
}

/** The message that the address names, as that of a search's result does. */
function startSeq(): number | undefined {
  const seq = Number(route.value.query.get('at'));
  return Number.isSafeInteger(seq) && seq > 0 ? seq : undefined;
}

function Bare() {
  return (
    <div class="chat-header is-bare">
      <BackLink />
    </div>
  );
}

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import type { Chat } from '../chat/chat';
import { useConsole, useDesk } from '../context';
import { Card } from './card';
import { CardLayout } from './card-layout';
import { CARDS, type CardProps } from './cards';
import { PastView } from './past-view';
import { queryCardsOf } from './query-card/cards';
import { QueryCardPart } from './query-card/part';

/** What is known about the visitor and the conversation, in cards. */
export function DetailsPane({ onClose }: { onClose(): void }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const chat = desk.chat.value;
  if (!chat?.conversation || chat.status.value !== 'ready') {
    return <aside class="details-pane" aria-label={t('details')} />;
  }
  return (
    <aside class="details-pane" aria-label={t('details')}>
      <button
        type="button"
        class="icon-button details-close"
        aria-label={t('close')}
        onClick={onClose}
      >
        <Icon name="close" size={20} />
      </button>
      <Column key={chat.id} chat={chat} conversation={chat.conversation} />
    </aside>
  );
}

interface ColumnProps {
  chat: Chat;
  conversation: Conversation;
}

function Column({ chat, conversation }: ColumnProps) {
  const desk = useDesk();
  const { t, locale } = useConsole().i18n;
  const me = desk.me.value;
  const configured = queryCardsOf(desk);
  useEffect(() => {
    if (configured.all.peek() === null) void configured.load();
  }, [configured, conversation.id]);
  const all = [
    ...CARDS.filter((card) => card.allowed(me)).map(({ name, title, View }) => ({
      name,
      title: t(title),
      view: (props: CardProps) => <View {...props} />,
    })),
    ...(configured.all.value ?? [])
      .filter(({ inboxes }) => inboxes.length === 0 || inboxes.includes(conversation.inbox.id))
      .map((card) => ({
        name: card.id,
        title: card.title[locale.value],
        view: (props: CardProps) => <QueryCardPart {...props} card={card} />,
      })),
  ];
  const known = all.map(({ name }) => name).join(' ');
  const layout = useMemo(() => new CardLayout(me.id, known.split(' ')), [me.id, known]);
  const [round, setRound] = useState(0);
  const [past, setPast] = useState<Conversation | null>(null);
  const [moved, setMoved] = useState('');
  const opener = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (past !== null) return;
    if (opener.current instanceof HTMLElement) opener.current.focus();
    opener.current = null;
  }, [past]);

  const shown = layout.order.value.flatMap((name) => all.filter((card) => card.name === name));
  const names = shown.map((card) => card.name);
  return (
    <>
      {past && <PastView conversation={past} onBack={() => setPast(null)} />}
      <div class="cards" hidden={past !== null}>
        {shown.map(({ name, title, view }) => (
          <Card
            key={name}
            name={name}
            title={title}
            layout={layout}
            shown={names}
            onMoved={(card, place) =>
              setMoved(t('cardMoved', { card, n: place + 1, total: names.length }))
            }
          >
            {view({
              chat,
              conversation,
              round,
              onOtherCustomer: () => {
                setRound(round + 1);
                void chat.loadVisitor();
              },
              onRead: (conversation) => {
                opener.current = document.activeElement;
                setPast(conversation);
              },
            })}
          </Card>
        ))}
      </div>
      <div class="visually-hidden" role="status">
        {moved}
      </div>
    </>
  );
}

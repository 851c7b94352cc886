import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import type { Chat } from '../chat/chat';
import { useConsole, useDesk } from '../context';
import { Card } from './card';
import { CardLayout } from './card-layout';
import { CARDS } from './cards';
import { PastView } from './past-view';

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
  const { t } = useConsole().i18n;
  const me = desk.me.value;
  const layout = useMemo(
    () =>
      new CardLayout(
        me.id,
        CARDS.map((card) => card.name),
      ),
    [me.id],
  );
  const [round, setRound] = useState(0);
  const [past, setPast] = useState<Conversation | null>(null);
  const [moved, setMoved] = useState('');
  const opener = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (past !== null) return;
    if (opener.current instanceof HTMLElement) opener.current.focus();
    opener.current = null;
  }, [past]);

  const cards = layout.order.value.flatMap((name) => CARDS.filter((card) => card.name === name));
  const shown = cards.filter((card) => card.allowed(me));
  const names = shown.map((card) => card.name);
  return (
    <>
      {past && <PastView conversation={past} onBack={() => setPast(null)} />}
      <div class="cards" hidden={past !== null}>
        {shown.map(({ name, title, View }) => (
          <Card
            key={name}
            name={name}
            title={t(title)}
            layout={layout}
            shown={names}
            onMoved={(card, place) =>
              setMoved(t('cardMoved', { card, n: place + 1, total: names.length }))
            }
          >
            <View
              chat={chat}
              conversation={conversation}
              round={round}
              onOtherCustomer={() => {
                setRound(round + 1);
                void chat.loadVisitor();
              }}
              onRead={(conversation) => {
                opener.current = document.activeElement;
                setPast(conversation);
              }}
            />
          </Card>
        ))}
      </div>
      <div class="visually-hidden" role="status">
        {moved}
      </div>
    </>
  );
}

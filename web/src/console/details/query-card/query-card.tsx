import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/cards';
import type { CardAction, CardAnswer, CardError, CardView, QueryCard } from '../../../protocol/cards';
import { Icon } from '../../../ui/icons';
import { useLoad } from '../../../ui/load';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { Loaded } from '../../loaded';
import { CARD_TIMEOUT_MS, Fact } from '../card';
import type { CardProps } from '../cards';
import { ActionDialog } from './action-dialog';
import { Items } from './items';
import { valueAt } from './value';
import { Written } from './written';
import './query-card.css';

interface QueryCardProps extends CardProps {
  card: QueryCard;
}

/** What another system knows: asked for when the conversation is opened, each card for itself. */
export default function QueryCardView({ card, chat, conversation, round }: QueryCardProps) {
  const { api } = useDesk();
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  const [acting, setActing] = useState<number | null>(null);
  const [done, setDone] = useState('');
  const { actions = [] } = card.view;
  const load = useLoad(`${card.id} ${card.version} ${conversation.id} ${round}`, (signal) =>
    api.post<CardAnswer>(
      `cards/${card.id}/run`,
      { conversation_id: conversation.id },
      { signal, timeoutMs: CARD_TIMEOUT_MS },
    ),
  );
  const finish = (action: CardAction) => {
    setActing(null);
    setDone(t('done', { what: action.label[locale.value] }));
    load.retry();
  };
  const action = acting === null ? undefined : actions[acting];
  return (
    <>
      <Loaded of={load}>
        {(answer) => (
          <>
            <Shown view={card.view} answer={answer} chat={chat} conversation={conversation} />
            {answer.errors.length > 0 && <Errors errors={answer.errors} retry={load.retry} />}
          </>
        )}
      </Loaded>
      {actions.length > 0 && (
        <div class="customer-actions">
          {actions.map((each, place) => (
            <button
              key={each.label.en}
              type="button"
              class="button"
              onClick={() => {
                setDone('');
                setActing(place);
              }}
            >
              {each.label[locale.value]}
            </button>
          ))}
        </div>
      )}
      <p class="hint query-card-done" role="status">
        {done}
      </p>
      {action && acting !== null && (
        <ActionDialog
          path={`cards/${card.id}/actions/${acting}`}
          action={action}
          conversation={conversation.id}
          onClose={() => setActing(null)}
          onDone={() => finish(action)}
        />
      )}
    </>
  );
}

interface ShownProps extends Pick<CardProps, 'chat' | 'conversation'> {
  view: CardView;
  answer: CardAnswer;
}

function Shown({ view, answer, chat, conversation }: ShownProps) {
  const { locale } = useConsole().i18n;
  const { t } = useTextsOf(texts);
  if (answer.missing.length > 0) {
    return <p class="details-state">{t('missing', { names: answer.missing.join(', ') })}</p>;
  }
  const found = valueAt(answer.data, view.at);
  const isEmpty = found === undefined || (Array.isArray(found) && found.length === 0);
  if (isEmpty) {
    // What could not be asked is said below, and is not "nothing".
    if (answer.errors.length > 0) return null;
    return <p class="details-state">{view.empty?.[locale.value] ?? t('nothing')}</p>;
  }
  if (view.kind === 'list') {
    const items = Array.isArray(found) ? found : [found];
    return <Items view={view} items={items} chat={chat} conversation={conversation} />;
  }
  return (
    <dl class="facts">
      {(view.rows ?? []).map(({ label, path, format }) => (
        <Fact key={path} name={label[locale.value]}>
          <Written value={valueAt(found, path)} format={format ?? 'text'} />
        </Fact>
      ))}
    </dl>
  );
}

function Errors({ errors, retry }: { errors: readonly CardError[]; retry(): void }) {
  const { t } = useTextsOf(texts);
  const said = new Set(
    errors.map(({ message, extensions }) =>
      extensions?.source === undefined
        ? t('failedUnknown', { reason: message })
        : t('failed', { source: extensions.source, reason: message }),
    ),
  );
  return (
    <div class="part-state" role="alert">
      <Icon name="alert" size={16} />
      {[...said].map((text) => (
        <p key={text}>{text}</p>
      ))}
      <button type="button" class="link-button" onClick={retry}>
        {t('reload')}
      </button>
    </div>
  );
}

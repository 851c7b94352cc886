import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { useNow, useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useMoreTexts } from '../../ui/more-texts';
import { ago } from '../../ui/time';
import { useWidget } from '../context';
import { conversations } from './requests';
import { useExtraTexts } from './texts';

type Listed =
  | { state: 'loading' }
  | { state: 'failed' }
  | { state: 'ready'; items: readonly Conversation[] };

/** What the visitor has talked about before. */
export function Conversations() {
  const { widget, i18n } = useWidget();
  const { t } = useExtraTexts();
  const more = useMoreTexts();
  const [listed, setListed] = useState<Listed>({ state: 'loading' });
  const slow = useSlow(listed.state === 'loading', 150);
  const now = useNow(60_000);
  const load = () => {
    setListed({ state: 'loading' });
    conversations(widget).then(
      (items) => setListed({ state: 'ready', items }),
      () => setListed({ state: 'failed' }),
    );
  };
  useEffect(load, [widget]);

  if (listed.state === 'failed') {
    return (
      <div class="pane-state" role="alert">
        <Icon name="alert" size={28} />
        <p>{t('listFailed')}</p>
        <button type="button" class="button" onClick={load}>
          {i18n.t('retry')}
        </button>
      </div>
    );
  }
  if (listed.state === 'loading') {
    return (
      <div class="skeleton-chat" role="status" aria-label={i18n.t('loading')}>
        {slow && [70, 55].map((width) => <i key={width} style={{ width: `${width}%` }} />)}
      </div>
    );
  }
  return (
    <div class="scroll">
      <h2 class="pane-title">{t('conversations')}</h2>
      {listed.items.length === 0 && <p class="card-hint">{t('noConversations')}</p>}
      {listed.items.map(({ id, last_message, updated_at, state }) => (
        <button
          key={id}
          type="button"
          class="card is-link"
          onClick={() => widget.showConversation(id)}
        >
          <span class="one-line">{last_message?.text}</span>
          <span class="card-hint">
            {ago(updated_at, more, now)}
            {state === 'resolved' && ` · ${t('ended')}`}
          </span>
        </button>
      ))}
      <button
        type="button"
        class="button is-primary is-large"
        onClick={() => void widget.startNew().catch(() => setListed({ state: 'failed' }))}
      >
        {t(widget.isEnded.value ? 'startNew' : 'continueChat')}
      </button>
    </div>
  );
}

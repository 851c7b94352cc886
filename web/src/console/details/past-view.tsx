import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Conversation, Message, Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import { StateTag } from '../list/state-tag';
import { Loaded } from '../loaded';
import { useLoad } from '../../ui/load';
import { href } from '../router';
import { CARD_TIMEOUT_MS } from './card';
import { Lines } from './lines';

const MESSAGES = 200;

interface PastViewProps {
  conversation: Conversation;
  onBack(): void;
}

/** An earlier conversation, read in the details column beside the one that goes on. */
export function PastView({ conversation, onBack }: PastViewProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const back = useRef<HTMLButtonElement>(null);
  const { id, state, created_at, assignee, inbox } = conversation;
  const load = useLoad(id, (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    return api.get<Page<Message>>(`conversations/${id}/messages`, { limit: MESSAGES }, options);
  });
  useLayoutEffect(() => back.current?.focus(), []);
  return (
    <section class="past" aria-label={t('cardPrevious')}>
      <header class="past-head">
        <button
          ref={back}
          type="button"
          class="icon-button"
          aria-label={t('backToDetails')}
          title={t('backToDetails')}
          onClick={onBack}
        >
          <Icon name="back" />
        </button>
        <div>
          <p class="past-title">
            <StateTag state={state} />
            <time dateTime={created_at}>{moment(created_at, i18n)}</time>
          </p>
          <p class="hint">{[inbox.name, assignee?.name].filter(Boolean).join(' · ')}</p>
        </div>
      </header>
      <div class="past-body">
        <Loaded of={load}>
          {({ items, has_more }) => (
            <>
              {has_more && <p class="hint">{t('onlyLast', { n: items.length })}</p>}
              <Lines messages={items} />
            </>
          )}
        </Loaded>
      </div>
      <a class="button" href={href(state === 'resolved' ? 'ended' : 'all', id)}>
        {t('openConversation')}
      </a>
    </section>
  );
}

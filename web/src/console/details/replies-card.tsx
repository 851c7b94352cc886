import { useEffect, useMemo, useState } from 'preact/hooks';
import { texts } from '../../i18n/chat';
import type { CannedReply } from '../../protocol/types';
import { useSlow } from '../../ui/hooks';
import { matching } from '../chat/canned/match';
import { cannedRepliesOf } from '../chat/canned/replies';
import { standingOf } from '../chat/standing';
import { useConsole, useDesk, useTextsOf } from '../context';
import { causeOf } from '../loaded';
import type { CardProps } from './cards';
import './replies-card.css';

/** Who looks for more has a search. */
const SHOWN_MAX = 100;
const NONE: readonly CannedReply[] = [];

/** Canned replies that stay in sight: a click puts one where the cursor is. */
export default function RepliesCard({ chat, conversation }: CardProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const replies = cannedRepliesOf(desk);
  const [query, setQuery] = useState('');
  const [inserting, setInserting] = useState(false);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => void replies.freshen(), [replies]);

  const state = replies.state.value;
  const slow = useSlow(state === 'loading', 150);
  const all = typeof state === 'string' ? NONE : state;
  // A use counts, and yet nothing moves under the pointer because of it.
  const order = useMemo(() => matching(query, all).map(({ id }) => id), [query, all.length]);
  const shown = order.slice(0, SHOWN_MAX).flatMap((id) => all.find((each) => each.id === id) ?? []);
  const standing = standingOf(conversation, desk.me.value);
  const isWriting = standing.replies || (standing.manages && chat.writing.draft.value.mode === 'note');

  const insert = async (reply: CannedReply) => {
    setInserting(true);
    setError(null);
    try {
      chat.writing.insert(await replies.render(reply, chat.id));
    } catch (cause) {
      setError(causeOf(cause, i18n));
    }
    setInserting(false);
  };

  if (state === 'loading') {
    return (
      <div class="part-loading" role="status" aria-label={i18n.t('loading')}>
        {slow && <span class="spinner" />}
      </div>
    );
  }
  if (state === 'error') {
    return (
      <div class="part-state" role="alert">
        <p>{t('cannedFailed')}</p>
        <button type="button" class="link-button" onClick={() => void replies.load()}>
          {i18n.t('retry')}
        </button>
      </div>
    );
  }
  if (all.length === 0) return <p class="details-state">{t('cannedNone')}</p>;
  return (
    <>
      <input
        class="input"
        type="search"
        value={query}
        aria-label={t('cannedSearch')}
        placeholder={t('cannedSearch')}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      {error !== null && (
        <p class="form-error" role="alert">
          {error}
        </p>
      )}
      {shown.length === 0 && (
        <p class="details-state" role="status">
          {t('cannedNoMatch')}
        </p>
      )}
      <ul class="card-replies" aria-label={t('cannedTitle')} aria-busy={inserting}>
        {shown.map((reply) => (
          <li key={reply.id}>
            <button
              type="button"
              class="card-reply"
              title={reply.text}
              disabled={inserting || !isWriting}
              onClick={() => void insert(reply)}
            >
              <span class="card-reply-title">{reply.title}</span>
              <span class="hint">{reply.text}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

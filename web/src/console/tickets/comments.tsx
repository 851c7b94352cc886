import { texts } from '../../i18n/tickets';
import type { TicketComment } from '../../protocol/people';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { causeOf } from '../loaded';
import { commentDraft } from './comment-draft';

const TEXT_MAX = 16_384;

export function CommentList({ comments }: { comments: readonly TicketComment[] }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  if (comments.length === 0) return <p class="details-state">{t('noComments')}</p>;
  return (
    <ol class="comments">
      {comments.map((comment) => {
        const name = comment.from.name || i18n.t('visitorSaid');
        return (
          <li key={comment.id} class={comment.internal ? 'is-internal' : ''}>
            <Avatar name={name} seed={comment.from.id ?? comment.from.kind} size={28} />
            <div>
              <p class="comment-meta">
                <strong>{name}</strong>
                {comment.internal && (
                  <span class="comment-internal">
                    <Icon name="lock" size={12} />
                    {t('internal')}
                  </span>
                )}
                <time dateTime={comment.created_at}>{moment(comment.created_at, i18n)}</time>
              </p>
              <p class="comment-text">{comment.text}</p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

interface CommentFormProps {
  ticket: string;
  /** Somebody outside reads what is not internal. */
  hasRequester: boolean;
  onSent(comment: TicketComment): void;
}

export function CommentForm({ ticket, hasRequester, onSent }: CommentFormProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const draft = commentDraft(ticket);
  const internal = draft.internal.value;
  const state = draft.state.value;
  const send = async () => {
    const comment = await draft.send((body) =>
      api.post<TicketComment>(`tickets/${ticket}/comments`, body),
    );
    if (comment) onSent(comment);
  };
  return (
    <form
      class={`comment-form ${internal ? 'is-internal' : ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="segments" role="group" aria-label={t('audience')}>
        {[false, true].map((each) => (
          <button
            key={String(each)}
            type="button"
            class="segment"
            aria-pressed={internal === each}
            onClick={() => draft.setInternal(each)}
          >
            {each && <Icon name="lock" size={14} />}
            {t(each ? 'internal' : 'public')}
          </button>
        ))}
      </div>
      <textarea
        class="input"
        maxLength={TEXT_MAX}
        aria-label={t('comment')}
        placeholder={t(internal ? 'writeInternal' : hasRequester ? 'writePublic' : 'writeComment')}
        readOnly={state.kind === 'sending'}
        value={draft.text.value}
        onInput={({ currentTarget }) => draft.write(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void send();
        }}
      />
      {state.kind === 'failed' && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {t('commentKept', { cause: causeOf(state.error, i18n) })}
        </p>
      )}
      <div class="form-buttons">
        <span class="hint">{t('commentKeys')}</span>
        <button
          type="submit"
          class="button is-primary"
          disabled={draft.text.value.trim() === '' || state.kind === 'sending'}
        >
          {state.kind === 'failed' ? i18n.t('retry') : t('addComment')}
        </button>
      </div>
    </form>
  );
}

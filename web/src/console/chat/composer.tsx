import { useEffect, useRef } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useNow } from '../../ui/hooks';
import { MessageField } from '../../ui/message-field';
import { accept } from './accept';
import type { Chat } from './chat';
import { useConsole, useDesk, visitorName } from '../context';
import { draftOf, type Mode, setDraft } from './drafts';
import { isMine } from '../list/views';

const FIELD_MAX_PX = 240;
const MODES: readonly Mode[] = ['reply', 'note'];

interface ComposerProps {
  chat: Chat;
  conversation: Conversation;
}

export function Composer({ chat, conversation }: ComposerProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const field = useRef<HTMLTextAreaElement>(null);
  const me = desk.me.value;
  const { state, assignee, visitor } = conversation;
  const mine = isMine(conversation, me);
  const handled = state === 'open' || state === 'pending';
  const mayReply = handled && (mine || me.role !== 'agent');
  const mayNote = mine || me.role !== 'agent';
  const draft = draftOf(chat.id);
  const { mode } = draft;
  const note = mode === 'note';
  const text = note ? draft.note : draft.reply;

  // Who opens a conversation wants to write, on a screen that shows list and conversation at once.
  useEffect(() => {
    if (matchMedia('(min-width: 768px)').matches) field.current?.focus({ preventScroll: true });
  }, [chat.id, mayReply, mode]);

  const choose = (next: Mode) => {
    setDraft(chat.id, { mode: next });
    field.current?.focus();
  };
  const write = (value: string) => {
    setDraft(chat.id, { [mode]: value });
    chat.input(value, note);
  };
  const submit = () => {
    const trimmed = text.trim();
    if (trimmed === '') return;
    chat.send(trimmed, note);
    setDraft(chat.id, { [mode]: '' });
    field.current?.focus();
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const wanted = event.code === 'KeyL' ? 'reply' : event.code === 'KeyP' ? 'note' : null;
      if (wanted === null || (wanted === 'note' && !mayNote)) return;
      event.preventDefault();
      choose(wanted);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });

  if (!mayReply && (mode === 'reply' || !mayNote)) {
    const prompt =
      state === 'resolved'
        ? t('reopenToReply')
        : state === 'queued'
          ? t('acceptToReply')
          : t('notYours', { name: assignee?.name ?? '' });
    return (
      <div class="composer-closed">
        <Icon name={state === 'resolved' ? 'check' : 'lock'} size={18} />
        <span>{prompt}</span>
        {mayNote && (
          <button type="button" class="button" title="Alt+P" onClick={() => choose('note')}>
            <Icon name="lock" size={16} />
            {t('addNote')}
          </button>
        )}
        {state === 'queued' && (
          <button
            type="button"
            class="button is-primary"
            disabled={desk.busy.value}
            onClick={() => void accept(desk, chat.id)}
          >
            <Icon name="check" size={16} />
            {t('accept')}
          </button>
        )}
      </div>
    );
  }
  const empty = text.trim() === '';
  return (
    <form
      class={`composer ${note ? 'is-note' : ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="composer-tabs" role="group" aria-label={t('composerMode')}>
        {MODES.map((each) => (
          <button
            key={each}
            type="button"
            class="composer-tab"
            aria-pressed={mode === each}
            title={each === 'reply' ? 'Alt+L' : 'Alt+P'}
            onClick={() => choose(each)}
          >
            <Icon name={each === 'reply' ? 'reply' : 'lock'} size={14} />
            {t(each)}
          </button>
        ))}
      </div>
      <MessageField
        field={field}
        value={text}
        maxHeight={FIELD_MAX_PX}
        placeholder={note ? t('writeNote') : t('writeReply', { name: visitorName(visitor, i18n) })}
        label={note ? t('note') : t('messageField')}
        onInput={write}
        onSubmit={submit}
      />
      <div class="composer-foot">
        <RateLimit />
        <span class="hint composer-hint">{t('enterHint')}</span>
        <button type="submit" class="button is-primary" aria-disabled={empty}>
          <Icon name={note ? 'note' : 'send'} size={16} />
          {t(note ? 'addNote' : 'send')}
        </button>
      </div>
    </form>
  );
}

function RateLimit() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const until = desk.limitedUntil.value;
  const now = useNow(until > 0 ? 500 : 0);
  if (until <= now) return null;
  return (
    <span class="limited" role="status">
      {t('limited', { n: Math.ceil((until - now) / 1000) })}
    </span>
  );
}

import { useLayoutEffect, useState } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { filesOf } from '../../ui/attach';
import { Icon } from '../../ui/icons';
import { MessageField } from '../../ui/message-field';
import { useConsole, useDesk, visitorName } from '../context';
import { pressed, titled, useShortcut } from '../shell/shortcuts';
import { ChannelLine } from './channel-line';
import type { Chat } from './chat';
import { ComposerClosed } from './composer-closed';
import { Attachments, EditingBar, QuoteChip, TroubleLine } from './composer-parts';
import { ComposerTools } from './composer-tools';
import type { Mode } from './drafts';
import { lazy } from './lazy';
import { newestEditable } from './message-actions';
import { openNextWaiting } from './next';
import { PanelView } from './panel';
import { sendChoice, sendKeyOf } from './send-keys';
import { SendButton } from './send-button';
import { standingOf } from './standing';

const FIELD_MAX_SHARE = 0.4;
const MODES: readonly Mode[] = ['reply', 'note'];
/** What opens the canned replies in an empty field: a Chinese input method makes the second of the first. */
const SLASHES: readonly string[] = ['/', '、'];

/** Signs with which the name of a colleague, an emoji or a variable begins. */
const SIGNS = /[@:]|\{\{/;

interface ComposerProps {
  chat: Chat;
  conversation: Conversation;
}

const Completion = lazy<ComposerProps & { note: boolean; close(): void }>(
  () => import('./complete/composer-completion'),
);

export function ComposerArea({ chat, conversation }: ComposerProps) {
  const desk = useDesk();
  const standing = standingOf(conversation, desk.me.value);
  const { mode } = chat.writing.draft.value;
  const mayNote = standing.manages;
  useShortcut('reply', () => chat.writing.choose('reply'));
  useShortcut('note', () => chat.writing.choose('note'), mayNote);
  useShortcut(
    'assignToMe',
    () => void chat.handling.oversee('takeover'),
    standing.oversees && standing.handled && !standing.mine,
  );
  const open = standing.replies || (mode === 'note' && mayNote);
  const editing = chat.writing.editing.value;
  return (
    <div class="composer-area">
      <PanelView chat={chat} conversation={conversation} />
      <ChannelLine
        conversation={conversation}
        editing={editing !== null && editing.message.kind !== 'note'}
      />
      {open ? (
        <Composer chat={chat} conversation={conversation} />
      ) : (
        <ComposerClosed chat={chat} conversation={conversation} standing={standing} />
      )}
    </div>
  );
}

function Composer({ chat, conversation }: ComposerProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const { writing } = chat;
  const { mode } = writing.draft.value;
  const editing = writing.editing.value;
  const note = mode === 'note' && editing === null;
  const text = writing.text.value;
  const [completes, setCompletes] = useState(() => SIGNS.test(text));

  // Who opens a conversation wants to write, on a screen that shows list and conversation at once.
  useLayoutEffect(() => {
    if (matchMedia('(min-width: 768px)').matches) writing.focus();
  }, [writing]);

  const submit = () => {
    if (editing) void writing.saveEdit();
    else writing.submit();
    writing.focus();
  };
  const write = (value: string) => {
    const began = text === '' && editing === null && SLASHES.includes(value);
    writing.write(value);
    if (SIGNS.test(value)) setCompletes(true);
    writing.completer.look(value, writing.field.current?.selectionStart ?? value.length);
    if (began) chat.panel.value = { kind: 'canned' };
  };
  const editLast = () => {
    const last = newestEditable(chat, desk.me.peek(), Date.now());
    if (!last) return false;
    writing.edit(last);
    return true;
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.target !== writing.field.current) return;
    if (writing.completer.key(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === 'Escape' && editing !== null && !event.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      writing.stopEditing();
      return;
    }
    if (pressed(event, 'editLast') && editing === null && editLast()) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const key = sendKeyOf(event, sendChoice.peek().by);
    if (key === null) return;
    event.stopPropagation();
    if (key === 'line') return;
    event.preventDefault();
    submit();
    if (key === 'next' && editing === null) openNextWaiting(desk, chat.id);
  };

  return (
    <form
      class={`composer ${note ? 'is-note' : ''}`}
      onKeyDownCapture={onKey}
      onPaste={(event) => {
        const files = filesOf(event);
        if (files.length === 0) return;
        event.preventDefault();
        writing.attach(files);
      }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {editing ? (
        <EditingBar writing={writing} />
      ) : (
        <div class="composer-tabs" role="group" aria-label={t('composerMode')}>
          {MODES.map((each) => (
            <button
              key={each}
              type="button"
              class="composer-tab"
              aria-pressed={mode === each}
              title={titled(t(each), each)}
              onClick={() => writing.choose(each)}
            >
              <Icon name={each === 'reply' ? 'reply' : 'lock'} size={14} />
              {t(each)}
            </button>
          ))}
        </div>
      )}
      <TroubleLine chat={chat} />
      {mode === 'reply' && editing === null && <QuoteChip writing={writing} />}
      {completes && (
        <Completion
          chat={chat}
          conversation={conversation}
          note={note}
          close={() => setCompletes(false)}
        />
      )}
      <MessageField
        field={writing.field}
        value={text}
        maxHeight={Math.round(window.innerHeight * FIELD_MAX_SHARE)}
        placeholder={
          note
            ? t('writeNote')
            : t('writeReply', { name: visitorName(conversation.visitor, i18n) })
        }
        label={editing ? t('editMessage') : note ? t('note') : t('messageField')}
        onInput={write}
        onSubmit={submit}
      />
      {mode === 'reply' && editing === null && <Attachments writing={writing} />}
      <div class="composer-foot">
        <ComposerTools chat={chat} note={note} />
        <SendButton chat={chat} note={note} />
      </div>
    </form>
  );
}

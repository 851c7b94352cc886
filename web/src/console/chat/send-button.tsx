import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';
import { keyText } from '../shell/shortcuts';
import type { Chat } from './chat';
import { RateLimit } from './composer-parts';
import { openNextWaiting } from './next';
import { sendChoice } from './send-keys';
import { standingOf } from './standing';

interface SendButtonProps {
  chat: Chat;
  note: boolean;
}

export function SendButton({ chat, note }: SendButtonProps) {
  const { t } = useConsole().i18n;
  const { writing } = chat;
  const editing = writing.editing.value;
  const empty = writing.text.value.trim() === '' && (note || writing.attached.value.length === 0);
  const hint = sendChoice.value.by === 'enter' ? t('enterHint') : t('modEnterHint', { keys: MOD });
  return (
    <div class="composer-send">
      <RateLimit />
      {editing === null && <span class="hint composer-hint">{hint}</span>}
      <div class="split-button">
        <button
          type="submit"
          class="button is-primary"
          aria-disabled={empty}
          disabled={editing?.saving ?? false}
        >
          <Icon name={editing ? 'check' : note ? 'note' : 'send'} size={16} />
          {t(editing ? 'save' : note ? 'addNote' : 'send')}
        </button>
        {!note && editing === null && <SendMenu chat={chat} empty={empty} />}
      </div>
    </div>
  );
}

const MOD = keyText('Mod+Enter');

function SendMenu({ chat, empty }: { chat: Chat; empty: boolean }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { writing, handling, conversation } = chat;
  const ends = conversation ? standingOf(conversation, desk.me.value).manages : false;
  const { by } = sendChoice.value;
  const sendAndResolve = () => {
    const sent = writing.submit();
    if (sent) void handling.resolveAfter(sent);
  };
  const sendAndNext = () => {
    if (writing.submit()) openNextWaiting(desk, chat.id);
  };
  return (
    <Popover
      label={t('sendMore')}
      className="button is-primary split-more"
      align="end"
      up
      button={<Icon name="chevron" size={16} />}
    >
      {(close) => (
        <div class="send-menu">
          {ends && (
            <button
              type="button"
              class="menu-item"
              disabled={empty}
              onClick={() => {
                close();
                sendAndResolve();
              }}
            >
              <Icon name="check" size={16} />
              <span>{t('sendAndResolve')}</span>
            </button>
          )}
          <button
            type="button"
            class="menu-item"
            disabled={empty}
            onClick={() => {
              close();
              sendAndNext();
            }}
          >
            <Icon name="down" size={16} />
            <span>
              {t('sendAndNext')}
              <span class="hint">{keyText('Mod+Shift+Enter')}</span>
            </span>
          </button>
          <p class="menu-title">{t('sendBy')}</p>
          {(['enter', 'mod-enter'] as const).map((each) => (
            <button
              key={each}
              type="button"
              class="menu-item"
              aria-pressed={by === each}
              onClick={() => {
                sendChoice.set({ by: each });
                close();
              }}
            >
              {each === 'enter' ? 'Enter' : MOD}
              {by === each && <Icon name="check" size={16} />}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}

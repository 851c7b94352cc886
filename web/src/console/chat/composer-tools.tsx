import { AttachButton } from '../../ui/attach';
import { Icon, type IconName } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';
import type { Chat, Panel } from './chat';
import { lazy } from './lazy';
import { standingOf } from './standing';

const EmojiPanel = lazy<{ chat: Chat; close(): void }>(() => import('./emoji-panel'));

type PlainPanel = Exclude<Panel['kind'], 'reveal'>;

/** What can be put into a message. A note takes text alone: its files the visitor would get. */
export function ComposerTools({ chat, note }: { chat: Chat; note: boolean }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { writing } = chat;
  const editing = writing.editing.value !== null;
  const conversation = chat.conversation;
  const managed = conversation ? standingOf(conversation, desk.me.value).manages : false;
  const open = (kind: PlainPanel) => (chat.panel.value = { kind });
  const tool = (icon: IconName, text: string, kind: PlainPanel) => (
    <button
      type="button"
      class="icon-button"
      aria-label={text}
      title={text}
      onClick={() => open(kind)}
    >
      <Icon name={icon} size={18} />
    </button>
  );
  return (
    <div class="composer-tools" role="group" aria-label={t('tools')}>
      <Popover
        label={t('emoji')}
        className="icon-button"
        up
        button={<Icon name="smile" size={18} />}
      >
        {(close) => <EmojiPanel chat={chat} close={close} />}
      </Popover>
      {!editing && (
        <>
          {!note && (
            <>
              <AttachButton
                label={t('sendImage')}
                accept="image/*"
                multiple
                onFiles={(files) => writing.attach(files)}
              >
                <Icon name="image" size={18} />
              </AttachButton>
              <AttachButton
                label={t('sendFile')}
                multiple
                onFiles={(files) => writing.attach(files)}
              >
                <Icon name="clip" size={18} />
              </AttachButton>
            </>
          )}
          {tool('bolt', `${t('cannedReplies')} (/)`, 'canned')}
          {tool('book', t('knowledge'), 'knowledge')}
          {!note && (
            <Popover
              label={t('moreTools')}
              className="icon-button"
              up
              button={<Icon name="plus" size={18} />}
            >
              {(close) => {
                const item = (icon: IconName, text: string, run: () => void) => (
                  <button
                    type="button"
                    class="menu-item"
                    onClick={() => {
                      close();
                      run();
                    }}
                  >
                    <Icon name={icon} size={16} />
                    <span>{text}</span>
                  </button>
                );
                return (
                  <>
                    {item('card', t('productCard'), () => open('card'))}
                    {item('list', t('formMessage'), () => open('form'))}
                    {managed &&
                      item('star', t('inviteRating'), () => void chat.handling.inviteRating())}
                  </>
                );
              }}
            </Popover>
          )}
        </>
      )}
    </div>
  );
}

import { useEffect } from 'preact/hooks';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';
import { may } from '../pages';
import type { Chat } from './chat';
import { lazy } from './lazy';
import { standingOf } from './standing';

const TagPicker = lazy<{ chat: Chat; close(): void }>(() => import('./tag-picker'));
const PAGE_EVERY_MS = 30_000;

/** Below the header: what the conversation is about, and where its visitor is. */
export function HeaderStrip({ chat, conversation }: { chat: Chat; conversation: Conversation }) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { manages } = standingOf(conversation, desk.me.value);
  const { handling } = chat;
  const told = conversation.tags?.join();
  useEffect(() => void handling.loadTags(), [handling, told]);
  const tags = handling.tags.value;
  const seesPages = may(desk.me.value, 'customers');
  if (tags.length === 0 && !manages && !seesPages) return null;
  return (
    <div class="chat-strip">
      <ul class="chat-tags" aria-label={t('tags')}>
        {tags.map((tag) => (
          <li key={tag.id} class="tag">
            <i class="tag-dot" style={{ background: tag.colour }} />
            {tag.name}
          </li>
        ))}
      </ul>
      {manages && (
        <Popover
          label={t(tags.length === 0 ? 'addTag' : 'editTags')}
          className="chip-button"
          button={
            <>
              <Icon name="tag" size={14} />
              {tags.length === 0 && t('addTag')}
            </>
          }
        >
          {(close) => <TagPicker chat={chat} close={close} />}
        </Popover>
      )}
      {seesPages && <VisitorPage chat={chat} />}
    </div>
  );
}

function VisitorPage({ chat }: { chat: Chat }) {
  const { t } = useConsole().i18n;
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible') void chat.loadPage();
    };
    look();
    const timer = setInterval(look, PAGE_EVERY_MS);
    return () => clearInterval(timer);
  }, [chat]);
  const page = chat.page.value;
  if (page === null) return null;
  const name = page.title || page.url;
  return (
    <a
      class="chat-page"
      href={page.url}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={`${t('visitorPage')}: ${page.url}`}
    >
      <Icon name="globe" size={14} />
      <span class="visually-hidden">{t('visitorPage')}: </span>
      <span>{name}</span>
    </a>
  );
}

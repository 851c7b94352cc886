import { useNow, useSlow } from '../../ui/hooks';
import { moment } from '../../ui/time';
import type { Chat } from '../chat/chat';
import { useConsole } from '../context';
import { Fact } from './card';
import { localTime, oneOf } from './local-time';

/** Since when a visitor comes, and what time it is where it is, if the site says so. */
export function VisitorFacts({ chat }: { chat: Chat }) {
  const { i18n } = useConsole();
  const { t, locale } = i18n;
  const visitor = chat.visitor.value;
  const now = useNow(30_000);
  const slow = useSlow(visitor === 'loading', 150);
  if (visitor === 'loading') {
    return (
      <div class="part-loading" role="status" aria-label={t('loading')}>
        {slow && <div class="skeleton-lines" />}
      </div>
    );
  }
  if (visitor === 'error') return <VisitorFailed chat={chat} />;
  const { attributes, created_at, last_seen_at } = visitor;
  const zone = oneOf(attributes, ['timezone', 'time_zone', 'tz']);
  const time = zone === null ? null : localTime(zone, locale.value, now);
  const language = oneOf(attributes, ['language', 'locale', 'lang']);
  return (
    <dl class="facts">
      {time !== null && (
        <Fact name={t('localTime')}>
          {time} <span class="hint">{zone}</span>
        </Fact>
      )}
      {language !== null && <Fact name={t('language')}>{language}</Fact>}
      <Fact name={t('firstSeen')}>
        <time dateTime={created_at}>{moment(created_at, i18n)}</time>
      </Fact>
      {last_seen_at && (
        <Fact name={t('lastSeen')}>
          <time dateTime={last_seen_at}>{moment(last_seen_at, i18n)}</time>
        </Fact>
      )}
    </dl>
  );
}

export function VisitorFailed({ chat }: { chat: Chat }) {
  const { t } = useConsole().i18n;
  return (
    <p class="part-state" role="alert">
      {t('contextFailed')}
      <button type="button" class="link-button" onClick={() => void chat.loadVisitor()}>
        {t('retry')}
      </button>
    </p>
  );
}

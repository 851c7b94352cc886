import { LOCALE_NAMES, LOCALES } from '../../i18n';
import type { Phase } from '../../protocol/connection';
import { Avatar } from '../../ui/avatar';
import { Icon, type IconName } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { clock } from '../../ui/time';
import type { Theme } from '../../ui/theme';
import { useState } from 'preact/hooks';
import { useConsole, useDesk } from '../context';
import { Logo } from '../gate/gate';
import { storedTheme, storeTheme } from '../preferences';
import { PAGES } from '../pages';
import { href, pageHref, route } from '../router';

const ROLES = { admin: 'roleAdmin', supervisor: 'roleSupervisor', agent: 'roleAgent' } as const;
const STATUSES = ['online', 'busy', 'away'] as const;
const STATUS_TEXTS = {
  online: ['statusOnline', 'statusOnlineHint'],
  busy: ['statusBusy', 'statusBusyHint'],
  away: ['statusAway', 'statusAwayHint'],
  offline: ['statusOffline', 'statusOffline'],
} as const;

export function Rail() {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const { page } = route.value;
  const waiting = desk.rows.value.waiting.length;
  return (
    <nav class="rail" aria-label={t('product')}>
      <div class="rail-logo">
        <Logo size={32} />
      </div>
      <a
        class={`rail-item ${page === null ? 'is-active' : ''}`}
        href={href(route.value.view)}
        title={t('inbox')}
        aria-label={t('inbox')}
        aria-current={page === null ? 'page' : undefined}
      >
        <Icon name="inbox" size={22} />
        {waiting > 0 && (
          <span class="badge" aria-hidden="true">
            {waiting > 99 ? '99+' : waiting}
          </span>
        )}
      </a>
      {PAGES.filter((each) => each.place !== 'hidden' && each.allowed(desk.me.value)).map((each) => (
        <a
          key={each.name}
          class={`rail-item ${page === each.name ? 'is-active' : ''}`}
          href={pageHref(each.name)}
          title={t(each.title)}
          aria-label={t(each.title)}
          aria-current={page === each.name ? 'page' : undefined}
        >
          <Icon name={each.icon} size={22} />
        </a>
      ))}
      <div class="rail-space" />
      <ConnectionDot />
      <LanguageMenu />
      <ThemeMenu />
      <StatusMenu />
    </nav>
  );
}

const PHASES = {
  idle: ['connConnecting', 'is-away'],
  connecting: ['connConnecting', 'is-away'],
  online: ['connOnline', 'is-online'],
  waiting: ['connWaiting', 'is-busy'],
  replaced: ['connReplaced', 'is-busy'],
  stopped: ['connStopped', 'is-busy'],
} as const satisfies Record<Phase, readonly [string, string]>;

function ConnectionDot() {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const state = desk.connection.value;
  const [text, tone] = PHASES[state.phase];
  return (
    <Popover
      label={`${t('connection')}: ${t(text)}`}
      className="rail-item"
      up
      button={<span class={`dot ${tone}`} />}
    >
      {() => (
        <div class="facts-popover" tabIndex={-1}>
          <p class="pane-title">
            <span class={`dot ${tone}`} /> {t(text)}
          </p>
          <dl class="facts">
            <dt>{t(state.phase === 'online' ? 'connSince' : 'connLast')}</dt>
            <dd>{state.since === 0 ? '–' : clock(state.since, i18n)}</dd>
            <dt>{t('connVia')}</dt>
            <dd>{state.transport === 'socket' ? 'WebSocket' : 'SSE'}</dd>
            {state.latency_ms !== null && (
              <>
                <dt>{t('connLatency')}</dt>
                <dd>{state.latency_ms} ms</dd>
              </>
            )}
          </dl>
        </div>
      )}
    </Popover>
  );
}

function LanguageMenu() {
  const { i18n } = useConsole();
  return (
    <Popover
      label={i18n.t('language')}
      className="rail-item"
      up
      button={<Icon name="globe" size={20} />}
    >
      {(close) =>
        LOCALES.map((locale) => (
          <button
            key={locale}
            type="button"
            class="menu-item"
            lang={locale}
            aria-pressed={i18n.locale.value === locale}
            onClick={() => {
              i18n.locale.value = locale;
              close();
            }}
          >
            {LOCALE_NAMES[locale]}
            {i18n.locale.value === locale && <Icon name="check" size={16} />}
          </button>
        ))
      }
    </Popover>
  );
}

const THEMES: readonly [Theme, 'themeSystem' | 'themeLight' | 'themeDark'][] = [
  ['system', 'themeSystem'],
  ['light', 'themeLight'],
  ['dark', 'themeDark'],
];

function ThemeMenu() {
  const { t } = useConsole().i18n;
  const [theme, setTheme] = useState(storedTheme());
  return (
    <Popover label={t('theme')} className="rail-item" up button={<Icon name="moon" size={20} />}>
      {(close) =>
        THEMES.map(([each, text]) => (
          <button
            key={each}
            type="button"
            class="menu-item"
            aria-pressed={theme === each}
            onClick={() => {
              setTheme(each);
              storeTheme(each);
              close();
            }}
          >
            {t(text)}
            {theme === each && <Icon name="check" size={16} />}
          </button>
        ))
      }
    </Popover>
  );
}

const STATUS_ICONS: Record<(typeof STATUSES)[number], IconName> = {
  online: 'check',
  busy: 'pause',
  away: 'clock',
};

function StatusMenu() {
  const desk = useDesk();
  const { session, i18n } = useConsole();
  const { t } = i18n;
  const me = desk.me.value;
  const shown = desk.connection.value.phase === 'online' ? me.status : 'offline';
  const share = me.capacity > 0 ? Math.min(me.load / me.capacity, 1) : 0;
  return (
    <Popover
      label={`${t('status')}: ${t(STATUS_TEXTS[shown][0])}`}
      className="rail-item"
      up
      button={<Avatar name={me.name} seed={me.id} size={36} status={shown} />}
    >
      {(close) => (
        <div class="status-menu">
          <div class="status-head">
            <Avatar name={me.name} seed={me.id} size={40} />
            <div>
              <p class="pane-title">{me.name}</p>
              <p class="hint">{t(ROLES[me.role])}</p>
            </div>
          </div>
          <div class="capacity">
            <p>
              <span>{t('capacity')}</span>
              <span class="count">{t('capacityOf', { load: me.load, capacity: me.capacity })}</span>
            </p>
            <div class="capacity-bar" aria-hidden="true">
              <i style={{ width: `${share * 100}%` }} />
            </div>
          </div>
          {STATUSES.map((status) => (
            <button
              key={status}
              type="button"
              class="menu-item"
              aria-pressed={me.status === status}
              onClick={() => {
                void desk.setStatus(status);
                close();
              }}
            >
              <span class={`status-mark is-${status}`}>
                <Icon name={STATUS_ICONS[status]} size={12} />
              </span>
              <span>
                {t(STATUS_TEXTS[status][0])}
                <span class="hint">{t(STATUS_TEXTS[status][1])}</span>
              </span>
              {me.status === status && <Icon name="check" size={16} />}
            </button>
          ))}
          <hr />
          <button type="button" class="menu-item" onClick={() => void session.signOut()}>
            {t('signOut')}
          </button>
        </div>
      )}
    </Popover>
  );
}

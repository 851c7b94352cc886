import { Fragment } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { LOCALE_NAMES, LOCALES } from '../../i18n';
import type { Agent } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon, type IconName } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { muted, setMuted } from '../../ui/sound';
import type { Theme } from '../../ui/theme';
import { clock } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import { storedTheme, storeTheme } from '../preferences';
import { pageHref } from '../router';
import { Reasons, reasonText } from '../status-reasons';
import { overlay } from './overlays';
import { titled, useShortcut } from './shortcuts';

const ROLES = { admin: 'roleAdmin', supervisor: 'roleSupervisor', agent: 'roleAgent' } as const;
export const STATUSES = ['online', 'busy', 'away'] as const;
export const STATUS_TEXTS = {
  online: ['statusOnline', 'statusOnlineHint'],
  busy: ['statusBusy', 'statusBusyHint'],
  away: ['statusAway', 'statusAwayHint'],
  offline: ['statusOffline', 'statusOffline'],
} as const;
const STATUS_ICONS: Record<(typeof STATUSES)[number], IconName> = {
  online: 'check',
  busy: 'pause',
  away: 'clock',
};

export function StatusMenu() {
  const desk = useDesk();
  const { session, i18n } = useConsole();
  const { t } = i18n;
  const button = useRef<HTMLButtonElement>(null);
  useShortcut('status', () => button.current?.click());
  const me = desk.me.value;
  const shown = desk.connection.value.phase === 'online' ? me.status : 'offline';
  return (
    <Popover
      label={titled(`${t('status')}: ${t(STATUS_TEXTS[shown][0])}`, 'status')}
      className="rail-item"
      up
      buttonRef={button}
      button={<Avatar name={me.name} seed={me.id} size={36} status={shown} />}
    >
      {(close) => (
        <div class="status-menu">
          <Head me={me} />
          <StatusChoice close={close} />
          <hr />
          <SoundItem />
          <LanguageChoice />
          <ThemeChoice />
          <hr />
          <button
            type="button"
            class="menu-item"
            onClick={() => {
              close();
              overlay.value = 'shortcuts';
            }}
          >
            <Icon name="keyboard" size={18} />
            <span>{t('shortcuts')}</span>
          </button>
          <a class="menu-item" href={pageHref('profile')} onClick={close}>
            <Icon name="key" size={18} />
            <span>{t('profile')}</span>
          </a>
          <button type="button" class="menu-item" onClick={() => void session.signOut()}>
            <Icon name="back" size={18} />
            <span>{t('signOut')}</span>
          </button>
        </div>
      )}
    </Popover>
  );
}

/** What one is doing, and why; the menu stays open where there is a reason to choose. */
function StatusChoice({ close }: { close(): void }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const { status: current, status_reason: reason, status_since: since } = desk.me.value;
  const reasons = desk.reasons.value ?? [];
  useEffect(() => void desk.loadReasons(), [desk]);
  const hint = (status: (typeof STATUSES)[number]) => {
    if (status !== current) return t(STATUS_TEXTS[status][1]);
    const why = reason === undefined ? '' : reasonText(reason, i18n);
    const from = since === undefined ? '' : t('statusSince', { time: clock(since) });
    return [why, from].filter(Boolean).join(' · ') || t(STATUS_TEXTS[status][1]);
  };
  return (
    <>
      {STATUSES.map((status) => (
        <Fragment key={status}>
          <button
            type="button"
            class="menu-item"
            aria-pressed={current === status}
            onClick={() => {
              void desk.setStatus(status);
              if (status === 'online' || reasons.length === 0) close();
            }}
          >
            <span class={`status-mark is-${status}`}>
              <Icon name={STATUS_ICONS[status]} size={12} />
            </span>
            <span>
              {t(STATUS_TEXTS[status][0])}
              <span class="hint">{hint(status)}</span>
            </span>
            {current === status && <Icon name="check" size={16} />}
          </button>
          {current === status && (
            <Reasons
              reasons={reasons}
              status={status}
              chosen={reason}
              onChoose={(chosen) => {
                void desk.setStatus(status, chosen);
                close();
              }}
            />
          )}
        </Fragment>
      ))}
    </>
  );
}

function Head({ me }: { me: Agent }) {
  const { t } = useConsole().i18n;
  const share = me.capacity > 0 ? Math.min(me.load / me.capacity, 1) : 0;
  return (
    <>
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
    </>
  );
}

function SoundItem() {
  const { t } = useConsole().i18n;
  const on = !muted.value;
  return (
    <button type="button" class="menu-item" aria-pressed={on} onClick={() => setMuted(on)}>
      <Icon name={on ? 'sound' : 'soundOff'} size={18} />
      <span>{t(on ? 'soundOn' : 'soundOff')}</span>
    </button>
  );
}

function LanguageChoice() {
  const { i18n } = useConsole();
  return (
    <Choice
      icon="globe"
      label={i18n.t('language')}
      chosen={i18n.locale.value}
      options={LOCALES.map((locale) => ({ value: locale, text: LOCALE_NAMES[locale], lang: locale }))}
      onChoose={(locale) => (i18n.locale.value = locale)}
    />
  );
}

const THEMES: readonly [Theme, 'themeSystem' | 'themeLight' | 'themeDark'][] = [
  ['system', 'themeSystem'],
  ['light', 'themeLight'],
  ['dark', 'themeDark'],
];

function ThemeChoice() {
  const { t } = useConsole().i18n;
  const [theme, setTheme] = useState(storedTheme());
  return (
    <Choice
      icon="moon"
      label={t('theme')}
      chosen={theme}
      options={THEMES.map(([value, text]) => ({ value, text: t(text) }))}
      onChoose={(each) => {
        setTheme(each);
        storeTheme(each);
      }}
    />
  );
}

interface ChoiceProps<T extends string> {
  icon: IconName;
  label: string;
  chosen: T;
  options: readonly { value: T; text: string; lang?: string }[];
  onChoose(value: T): void;
}

/** A few choices side by side. */
function Choice<T extends string>({ icon, label, chosen, options, onChoose }: ChoiceProps<T>) {
  return (
    <div class="menu-choice" role="group" aria-label={label}>
      <Icon name={icon} size={18} />
      <div class="segments">
        {options.map(({ value, text, lang }) => (
          <button
            key={value}
            type="button"
            class="segment"
            lang={lang}
            aria-pressed={chosen === value}
            onClick={() => onChoose(value)}
          >
            {text}
          </button>
        ))}
      </div>
    </div>
  );
}

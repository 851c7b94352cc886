import { useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { chime, muted, setMuted } from '../../ui/sound';
import { useConsole } from '../context';
import { ALERT_EVENTS, ALERT_WAYS, alertWays, desktopPermission } from './alerts';

const EVENT_TEXTS = {
  offered: 'alertOffered',
  assigned: 'alertAssigned',
  message: 'alertMessage',
  mention: 'alertMention',
  queued: 'alertQueued',
  overdue: 'alertOverdue',
} as const;
const WAY_TEXTS = {
  sound: 'alertSound',
  desktop: 'alertDesktop',
  title: 'alertTitle',
} as const;

/** What calls, and how. */
export function AlertsMenu() {
  const { t } = useConsole().i18n;
  return (
    <Popover
      label={t('alerts')}
      className="rail-item"
      up
      button={<Icon name={muted.value ? 'bellOff' : 'bell'} size={20} />}
    >
      {() => <AlertsPanel />}
    </Popover>
  );
}

function AlertsPanel() {
  const { t } = useConsole().i18n;
  const ways = alertWays.value;
  return (
    <div class="alerts-panel">
      <SoundSwitch />
      <DesktopPermission />
      <table>
        <caption class="visually-hidden">{t('alerts')}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">{t('alertEvent')}</span>
            </th>
            {ALERT_WAYS.map((way) => (
              <th key={way} scope="col">
                {t(WAY_TEXTS[way])}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ALERT_EVENTS.map((event) => (
            <tr key={event}>
              <th scope="row">{t(EVENT_TEXTS[event])}</th>
              {ALERT_WAYS.map((way) => (
                <td key={way}>
                  {ways[event][way] === undefined ? (
                    '–'
                  ) : (
                    <label class="check-target">
                      <input
                        type="checkbox"
                        checked={ways[event][way] ?? false}
                        aria-label={`${t(EVENT_TEXTS[event])}: ${t(WAY_TEXTS[way])}`}
                        onChange={({ currentTarget }) =>
                          alertWays.set({
                            [event]: { ...ways[event], [way]: currentTarget.checked },
                          })
                        }
                      />
                    </label>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SoundSwitch() {
  const { t } = useConsole().i18n;
  const on = !muted.value;
  return (
    <button
      type="button"
      class="menu-item"
      aria-pressed={on}
      onClick={() => {
        setMuted(on);
        chime();
      }}
    >
      <Icon name={on ? 'sound' : 'soundOff'} size={18} />
      <span>{t(on ? 'soundOn' : 'soundOff')}</span>
    </button>
  );
}

/** The browser is asked only here, after a click. */
function DesktopPermission() {
  const { t } = useConsole().i18n;
  const [permission, setPermission] = useState(desktopPermission());
  if (permission === 'granted') return null;
  if (permission !== 'default') {
    return (
      <p class="alerts-note">
        {t(permission === 'denied' ? 'desktopDenied' : 'desktopUnsupported')}
      </p>
    );
  }
  return (
    <button
      type="button"
      class="menu-item"
      onClick={() => void Notification.requestPermission().then(setPermission)}
    >
      <Icon name="bell" size={18} />
      <span>{t('desktopAllow')}</span>
    </button>
  );
}

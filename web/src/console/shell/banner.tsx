import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk } from '../context';
import { isOutdated } from './release';

const AFTER_MS = 3_000;
const BACK_SHOWN_MS = 3_000;

/** The one thing about the connection or this page that matters now. */
export function Banner() {
  const desk = useDesk();
  const { t, count } = useConsole().i18n;
  const { phase } = desk.connection.value;
  const hasNetwork = useNetwork();
  const late = useSlow(phase === 'connecting' || phase === 'waiting', AFTER_MS);
  const back = useBack(phase === 'online', late);
  const outdated = useOutdated(phase === 'online');
  const updates = desk.caughtUp.value;

  return (
    <div role="status" class="banner-slot">
      {phase === 'replaced' ? (
        <Line tone="warn" text={t('replacedBanner')}>
          <Button text={t('useHere')} onClick={() => desk.client.wake()} />
        </Line>
      ) : !hasNetwork && phase !== 'online' ? (
        <Line tone="warn" text={t('offlineBanner')} icon={<Icon name="alert" size={16} />} />
      ) : late ? (
        <Line
          tone="warn"
          text={t('reconnecting')}
          icon={<span class="spinner" aria-hidden="true" />}
        >
          <Button text={t('retry')} onClick={() => desk.client.wake()} />
        </Line>
      ) : back ? (
        <Line
          tone="ok"
          text={updates > 0 ? count('backWithUpdates', updates) : t('backOnline')}
          icon={<Icon name="check" size={16} />}
        />
      ) : outdated ? (
        <Line tone="info" text={t('newVersion')} icon={<Icon name="info" size={16} />}>
          <Button text={t('reload')} onClick={() => location.reload()} />
        </Line>
      ) : null}
    </div>
  );
}

interface LineProps {
  tone: 'warn' | 'ok' | 'info';
  text: string;
  icon?: ComponentChildren;
  children?: ComponentChildren;
}

function Line({ tone, text, icon, children }: LineProps) {
  return (
    <div class={`banner is-${tone}`}>
      {icon}
      <span>{text}</span>
      {children}
    </div>
  );
}

function Button({ text, onClick }: { text: string; onClick(): void }) {
  return (
    <button type="button" class="link-button" onClick={onClick}>
      {text}
    </button>
  );
}

function useNetwork(): boolean {
  const [on, setOn] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOn(navigator.onLine);
    window.addEventListener('online', look);
    window.addEventListener('offline', look);
    return () => {
      window.removeEventListener('online', look);
      window.removeEventListener('offline', look);
    };
  }, []);
  return on;
}

/** True for a moment after a connection came back whose absence was shown. */
function useBack(online: boolean, late: boolean): boolean {
  const [wasLate, setWasLate] = useState(false);
  useEffect(() => {
    if (late) setWasLate(true);
  }, [late]);
  const back = online && wasLate;
  useEffect(() => {
    if (!back) return;
    const timer = setTimeout(() => setWasLate(false), BACK_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [back]);
  return back;
}

/** A server that was away may have come back as another version. */
function useOutdated(online: boolean): boolean {
  const [outdated, setOutdated] = useState(false);
  const wasOnline = useRef(false);
  useEffect(() => {
    if (!online) return;
    if (wasOnline.current) void isOutdated().then((yes) => yes && setOutdated(true));
    wasOnline.current = true;
  }, [online]);
  return outdated;
}

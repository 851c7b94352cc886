import { useEffect, useMemo } from 'preact/hooks';
import { texts } from '../../i18n/channels';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useNow } from '../../ui/hooks';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { notifyFailure } from '../loaded';
import { ChannelState, troubled, windowOf } from './channel';

/** While something is on its way, it is looked at again so often. */
const LOOK_EVERY_MS = 3_000;
/** How often the clock is looked at. */
const CLOCK_MS = 30_000;

/** Over which chat service the customer writes, how long and how often it can be answered, and what did not arrive. */
export function ChannelLine({ conversation }: { conversation: Conversation }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const state = useMemo(() => new ChannelState(desk.api, conversation.id), [desk, conversation.id]);
  useEffect(() => void state.load(), [state, conversation.last_seq]);
  const waiting = state.isWaiting;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => void state.load(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [state, waiting]);
  const now = useNow(CLOCK_MS);
  const known = state.value.value;
  if (!known?.channel) return null;
  const { name, enabled } = known.channel;
  const window = windowOf(known, now);
  const trouble = troubled(known);
  const time = (iso: string) => moment(iso, i18n);
  const facts =
    window.kind === 'open'
      ? [
          enabled ? t('over', { name }) : t('off', { name }),
          ...(window.until === null ? [] : [t('until', { time: time(window.until) })]),
          ...(window.left === null ? [] : [t('left', { n: window.left })]),
        ]
      : [
          window.kind === 'over'
            ? t('closedUntil', { name, time: time(window.until) })
            : t('closedLeft', { name }),
        ];
  return (
    <div class="channel-line" role="status">
      <p class={window.kind === 'open' && enabled ? '' : 'is-warning'}>
        <Icon name={window.kind === 'open' ? 'inbox' : 'clock'} size={14} />
        <span>{facts.join(' · ')}</span>
      </p>
      {trouble && (
        <p class="is-danger">
          <Icon name="alert" size={14} />
          <span>
            {t(trouble.state === 'failed' ? 'failed' : 'waiting', { reason: trouble.error ?? '' })}
          </span>
          {trouble.state === 'failed' && (
            <button
              type="button"
              class="link-button"
              onClick={() => {
                state.sendAgain(trouble.seq).catch((error) => notifyFailure(desk, error));
              }}
            >
              {t('again')}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

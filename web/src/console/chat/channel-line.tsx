import { useEffect, useMemo } from 'preact/hooks';
import { texts } from '../../i18n/channels';
import type { Conversation } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useNow } from '../../ui/hooks';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { notifyFailure } from '../loaded';
import {
  type ChannelSend,
  ChannelState,
  type ConversationChannel,
  troubled,
  windowOf,
} from './channel';

/** While something is on its way, it is looked at again so often. */
const LOOK_EVERY_MS = 3_000;
/** How often the clock is looked at. */
const CLOCK_MS = 30_000;

interface ChannelLineProps {
  conversation: Conversation;
  /** A message is being changed that the service may have. */
  editing: boolean;
}

/** Over which chat service the customer writes, how long and how often it can be answered, and what did not arrive. */
export function ChannelLine({ conversation, editing }: ChannelLineProps) {
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
  const trouble = troubled(known, state.dismissed.value);
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
      {editing && !known.channel.edits && (
        <p class="is-warning">
          <Icon name="info" size={14} />
          <span>{t('noEdits', { name })}</span>
        </p>
      )}
      {trouble && <Trouble trouble={trouble} channel={known.channel} state={state} />}
    </div>
  );
}

interface TroubleProps {
  trouble: ChannelSend;
  channel: NonNullable<ConversationChannel['channel']>;
  state: ChannelState;
}

/** What did not arrive, or not as it is now, and what can be done about it. */
function Trouble({ trouble, channel, state }: TroubleProps) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const again = () => {
    state.sendAgain(trouble.seq).catch((error) => notifyFailure(desk, error));
  };
  const reason = trouble.error ?? '';
  const isOutdated = trouble.state === 'outdated';
  // A service that has no such thing gives no reason of its own.
  const isAble = channel.edits || channel.recalls;
  const text = {
    failed: t('failed', { reason }),
    outdated: isAble ? t('outdatedWhy', { reason }) : t('outdated'),
    changing: t('changing', { reason }),
    waiting: t('waiting', { reason }),
    sent: '',
  }[trouble.state];
  return (
    <p class="is-danger">
      <Icon name="alert" size={14} />
      <span>{text}</span>
      {(trouble.state === 'failed' || (isOutdated && isAble)) && (
        <button type="button" class="link-button" onClick={again}>
          {t(isOutdated ? 'tellAgain' : 'again')}
        </button>
      )}
      {isOutdated && (
        <button type="button" class="link-button" onClick={() => state.dismiss(trouble.seq)}>
          {t('dismiss')}
        </button>
      )}
    </p>
  );
}

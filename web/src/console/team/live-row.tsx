import { Avatar } from '../../ui/avatar';
import { Icon, type IconName } from '../../ui/icons';
import { lasting } from '../../ui/numbers';
import { seconds } from '../../ui/ticking';
import { useConsole, visitorName } from '../context';
import { teamHref } from './address';
import { useBoard, useTeamTexts } from './context';
import { type Live, type Standing, standingOf, type Wait } from './live';
import { responseTarget, waitingTarget } from './queues';

const STANDING_ICONS: Record<Standing, IconName> = {
  waiting: 'clock',
  bot: 'whisper',
  open: 'reply',
  pending: 'pause',
};
const STATE_CLASSES: Record<Standing, string> = {
  waiting: 'queued',
  bot: 'new',
  open: 'open',
  pending: 'pending',
};

export function StandingTag({ standing }: { standing: Standing }) {
  const { t } = useTeamTexts();
  return (
    <span class={`state-tag is-${STATE_CLASSES[standing]}`}>
      <Icon name={STANDING_ICONS[standing]} size={12} />
      {t(`standing_${standing}`)}
    </span>
  );
}

interface LiveRowProps {
  live: Live;
  ended: boolean;
  current: boolean;
  tabStop: boolean;
  onFocus(id: string): void;
}

export function LiveRow({ live, ended, current, tabStop, onFocus }: LiveRowProps) {
  const { i18n } = useConsole();
  const { t } = useTeamTexts();
  const { conversation, wait } = live;
  const { id, visitor, assignee, inbox, team, queue, joined = [], last_message } = conversation;
  const name = visitorName(visitor, i18n);
  return (
    <a
      class={`live-row ${ended ? 'is-ended' : ''}`}
      href={teamHref(id)}
      aria-current={current ? 'true' : undefined}
      tabIndex={tabStop ? 0 : -1}
      onFocus={() => onFocus(id)}
    >
      <Avatar name={name} seed={visitor.id} size={32} />
      <span class="live-who">
        <span class="live-name">
          {name}
          {joined.length > 0 && (
            <span
              class="live-joined"
              title={t('joinedBy', { names: joined.map((each) => each.name).join(', ') })}
            >
              <Icon name="eye" size={14} label={t('joined')} />
            </span>
          )}
        </span>
        <span class="live-last">
          {last_message === null ? (
            <em>{t('hidden')}</em>
          ) : (
            <>
              {last_message.kind === 'note' && (
                <Icon name="lock" size={12} label={i18n.t('internalNote')} />
              )}
              {last_message.from.kind !== 'visitor' && `${last_message.from.name}: `}
              {last_message.text}
            </>
          )}
        </span>
      </span>
      <span class="live-where">
        <span class="live-agent">{assignee?.name ?? t('noAgent')}</span>
        <span class="hint">{team ? `${inbox.name} · ${team.name}` : inbox.name}</span>
      </span>
      <span class="live-state">
        {ended ? (
          <span class="state-tag is-resolved">
            <Icon name="check" size={12} />
            {i18n.t('stateResolved')}
          </span>
        ) : (
          <StandingTag standing={standingOf(conversation)} />
        )}
        {wait && !ended && (
          <WaitClock wait={wait} inbox={inbox.id} position={queue?.position ?? null} />
        )}
      </span>
    </a>
  );
}

interface WaitClockProps {
  wait: Wait;
  inbox: string;
  position: number | null;
}

/** How long the visitor has waited, and whether that is longer than it should be. */
function WaitClock({ wait, inbox, position }: WaitClockProps) {
  const board = useBoard();
  const { t, locale } = useTeamTexts();
  const known = board.inboxes.value.find(({ id }) => id === inbox);
  const target = wait.kind === 'queue' ? waitingTarget(known) : responseTarget(known);
  const passed = (seconds.value - wait.since) / 1000;
  const late = target !== null && passed > target;
  const text = t(wait.kind === 'queue' ? 'waitsInQueue' : 'waitsForAnswer');
  return (
    <span class={`live-wait ${late ? 'is-late' : ''}`} title={text}>
      {wait.kind === 'queue' && position !== null && (
        <span class="hint">{t('position', { n: position })}</span>
      )}
      <Icon
        name={late ? 'alert' : 'clock'}
        size={12}
        label={late ? `${text}, ${t('late')}` : text}
      />
      {lasting(passed, locale.value)}
    </span>
  );
}

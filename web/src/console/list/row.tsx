import { type ReadonlySignal, useComputed } from '@preact/signals';
import type { Conversation, View } from '../../protocol/types';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icons';
import { halfMinutes, seconds } from '../../ui/ticking';
import { ago, moment } from '../../ui/time';
import { draftOf } from '../chat/drafts';
import { isStandIn } from '../chat/summary';
import { type ConsoleI18n, visitorName } from '../context';
import type { Desk } from '../desk';
import { href } from '../router';
import { StateTag } from './state-tag';
import { isUnread, waitingSince } from './views';
import { levelOf, running, type Wait, waitOf } from './waits';

export interface RowActions {
  focus(id: string): void;
  /** Also everything between the last that was selected and this one. */
  select(id: string, range: boolean): void;
  menu(id: string, x: number, y: number): void;
}

interface RowProps {
  id: string;
  view: View;
  desk: Desk;
  i18n: ConsoleI18n;
  compact: boolean;
  tabStop: boolean;
  current: boolean;
  selected: boolean;
  selecting: boolean;
  /** Where it is among all rows, when not all of them are in the page. */
  position: number | undefined;
  total: ReadonlySignal<number> | undefined;
  top: number | undefined;
  actions: RowActions;
}

const TAGS_MAX = 3;

/**
 * One conversation. It has neither state nor context of its own, only signals: so it is drawn
 * again when its own conversation changes, and not with every change of the list.
 */
export function Row(props: RowProps) {
  const { id, view, desk, i18n, current, selected, position, total, top, actions } = props;
  const { t } = i18n;
  const level = useComputed(() => {
    const held = desk.conversation(id);
    const wait = held && waitOf(held, desk.directory.targetsOf(held.inbox.id));
    return wait ? levelOf(wait, seconds.value) : 'calm';
  });
  const conversation = desk.conversation(id);
  if (!conversation) return null;
  const { visitor } = conversation;
  const name = visitorName(visitor, i18n);
  const unread = isUnread(conversation) && !current;
  const classes = ['row', `is-${level.value}`, unread && 'is-unread', selected && 'is-selected'];
  return (
    <li
      data-id={id}
      class={props.selecting ? 'is-selecting' : ''}
      style={top === undefined ? {} : { transform: `translateY(${top}px)` }}
      {...(position === undefined
        ? {}
        : { 'aria-posinset': position + 1, 'aria-setsize': total! })}
      onContextMenu={(event) => {
        event.preventDefault();
        actions.menu(id, event.clientX, event.clientY);
      }}
    >
      <a
        class={classes.filter(Boolean).join(' ')}
        href={href(view, id)}
        aria-current={current ? 'true' : undefined}
        tabIndex={props.tabStop ? 0 : -1}
        onFocus={() => actions.focus(id)}
      >
        <Avatar name={name} seed={visitor.id} size={props.compact ? 32 : 36} />
        <span class="row-body">
          <Title {...props} conversation={conversation} name={name} />
          <LastLine {...props} conversation={conversation} name={name} unread={unread} />
          {!props.compact && <Marks {...props} conversation={conversation} />}
        </span>
      </a>
      <label class="row-check" title={t('selectRow', { name })}>
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected}
          aria-label={t('selectRow', { name })}
          onClick={(event) => {
            event.stopPropagation();
            actions.select(id, event.shiftKey);
          }}
        />
      </label>
    </li>
  );
}

type PartProps = RowProps & { conversation: Conversation };

function Title({ conversation, name, i18n, desk, compact }: PartProps & { name: string }) {
  const { t } = i18n;
  const { visitor, state, priority, assignee, offer } = conversation;
  const mentioned = useComputed(() => desk.mentions.ids.value.has(conversation.id)).value;
  const wait = waitOf(conversation, desk.directory.targetsOf(conversation.inbox.id));
  const since = state === 'queued' ? waitingSince(conversation) : conversation.updated_at;
  return (
    <span class="row-line">
      <span class="row-name">{name}</span>
      {mentioned && (
        <span class="row-mark is-mention" role="img" aria-label={t('mentioned')} title={t('mentioned')}>
          @
        </span>
      )}
      {visitor.verified && <Icon name="shield" size={14} label={t('verified')} />}
      {state === 'open' && assignee === null && (
        <span class="row-mark is-bot">
          <Icon name="bot" size={14} label={t('withBot')} />
        </span>
      )}
      {(priority === 'high' || priority === 'urgent') && (
        <span class={`row-mark is-${priority}`}>
          <Icon name="flag" size={14} label={t(PRIORITY_TEXTS[priority])} />
        </span>
      )}
      {offer && (
        <span class="row-mark is-offered">
          <Icon name="bell" size={14} label={t('offeredTo', { name: offer.agent.name })} />
        </span>
      )}
      {wait && (compact || state === 'queued') ? (
        <WaitClock wait={wait} i18n={i18n} />
      ) : (
        <time class="row-time" dateTime={since}>
          {ago(since, i18n, halfMinutes.value)}
        </time>
      )}
    </span>
  );
}

export const PRIORITY_TEXTS = {
  low: 'priorityLow',
  normal: 'priorityNormal',
  high: 'priorityHigh',
  urgent: 'priorityUrgent',
} as const;

function WaitClock({ wait, i18n }: { wait: Wait; i18n: ConsoleI18n }) {
  const now = seconds.value;
  const text = i18n.t(wait.kind === 'queue' ? 'waitsInQueue' : 'waitsForAnswer');
  return (
    <span class={`row-time row-wait is-${levelOf(wait, now)}`} title={text}>
      <Icon name="clock" size={12} label={text} />
      {running(now - wait.since)}
    </span>
  );
}

interface LastLineProps extends PartProps {
  name: string;
  unread: boolean;
}

function LastLine({ id, conversation, name, unread, current, desk, i18n }: LastLineProps) {
  const { t, count } = i18n;
  const typing = useComputed(() => desk.typing.value.get(id)?.kind);
  const fresh = useComputed(() => desk.unread.value.get(id) ?? 0).value;
  const draft = useComputed(() => {
    const { reply, note } = draftOf(id);
    return reply || note;
  }).value;
  const last = conversation.last_message;
  return (
    <span class="row-line">
      <span class="row-text">
        {typing.value === 'visitor' ? (
          <em>{t('typing', { name })}</em>
        ) : draft && !current ? (
          <>
            <span class="row-draft">{t('draft')}</span>
            {draft}
          </>
        ) : last ? (
          <>
            {last.kind === 'note' && <Icon name="lock" size={12} label={t('internalNote')} />}
            {FILES.has(last.kind) && <Icon name="clip" size={12} label={t('attachment')} />}
            {last.from.kind === 'agent' && last.from.id === desk.me.value.id && t('prefixYou')}
            {last.from.kind === 'bot' && t('prefixBot')}
            {isStandIn(last.text) ? t('summary') : last.text}
          </>
        ) : (
          t('noMessage')
        )}
      </span>
      {unread && (
        <span
          class={`badge ${fresh === 0 ? 'is-dot' : ''}`}
          title={fresh > 0 ? count('unread', fresh) : t('unreadSome')}
        >
          <span aria-hidden="true">{fresh > 99 ? '99+' : fresh > 0 ? fresh : ''}</span>
          <span class="visually-hidden">
            {fresh > 0 ? count('unread', fresh) : t('unreadSome')}
          </span>
        </span>
      )}
    </span>
  );
}

const FILES: ReadonlySet<string> = new Set(['image', 'file', 'voice', 'video']);

function Marks({ view, conversation, desk, i18n }: PartProps) {
  const { state, assignee, inbox, team, tags = [] } = conversation;
  const me = desk.me.value;
  const names = desk.directory.tags.value;
  const wait = waitOf(conversation, desk.directory.targetsOf(inbox.id));
  return (
    <span class="row-line row-tags">
      {(view === 'all' || state === 'pending') && <StateTag state={state} />}
      {conversation.snoozed_until && (
        <span class="row-inbox">
          {i18n.t('snoozedUntil', { time: moment(conversation.snoozed_until, i18n) })}
        </span>
      )}
      {tags.slice(0, TAGS_MAX).map((tag) => {
        const known = names.get(tag);
        return known && <TagChip key={tag} name={known.name} colour={known.colour} />;
      })}
      {tags.length > TAGS_MAX && <span class="row-inbox">+{tags.length - TAGS_MAX}</span>}
      <span class="row-inbox">{inbox.name}</span>
      {state === 'queued' && team && <span class="row-inbox">{team.name}</span>}
      {assignee && assignee.id !== me.id && <span class="row-inbox">{assignee.name}</span>}
      {wait?.kind === 'answer' && <WaitClock wait={wait} i18n={i18n} />}
    </span>
  );
}

function TagChip({ name, colour }: { name: string; colour: string }) {
  return (
    <span class="row-tag">
      <i style={{ background: colour }} />
      {name}
    </span>
  );
}

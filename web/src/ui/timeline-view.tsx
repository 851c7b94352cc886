import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { HistoryState } from '../protocol/history';
import type { OutboxEntry } from '../protocol/outbox';
import type { Message, Person } from '../protocol/types';
import { Avatar } from './avatar';
import { autolink } from './autolink';
import { useTexts } from './context';
import { Icon, type IconName } from './icons';
import type { BodyActions } from './message-body';
import { clock, day } from './time';
import { type Bubble, type Delivery, type Row, type Side, timelineRows } from './timeline';

const NEAR_BOTTOM_PX = 80;
const JUMP_PX = 200;
const OLDER_PX = 400;

/** An entry of the menu of a message. */
export interface MessageAction {
  icon: IconName;
  label: string;
  run(): void;
}

export interface TimelineViewProps {
  side: Side;
  me: Person;
  label: string;
  history: HistoryState;
  outbox: readonly OutboxEntry[];
  readSeq: number;
  typing: Person | null;
  /** What somebody is called who gave no name. */
  nameOf(person: Person): string;
  eventText(message: Message): string;
  onOlder(): void;
  onResend(clientId: string): void;
  onDiscard(clientId: string): void;
  /** What cards, forms and files can do; see `message-body.tsx`. */
  content?: BodyActions;
  /** How much of each file on its way is uploaded, by `client_id`. */
  progress?: ReadonlySignal<ReadonlyMap<string, number>>;
  /** What can be done with a message, in its menu. */
  actions?(message: Message): readonly MessageAction[];
  /** Messages after this one are new to the reader. */
  unreadSeq?: number;
  /** Loads messages up to an earlier one, which somebody wants to jump to. */
  onReach?(seq: number): Promise<void>;
  before?: ComponentChildren;
  after?: ComponentChildren;
}

export function TimelineView(props: TimelineViewProps) {
  const { history, outbox, side, me, readSeq } = props;
  const texts = useTexts();
  const scroller = useRef<HTMLDivElement>(null);
  const held = useRef({ first: 0, last: 0, height: 0, atBottom: true });
  const [away, setAway] = useState(false);
  const [fresh, setFresh] = useState(0);
  const rows = useMemo(
    () => timelineRows({ side, me, items: history.items, outbox, readSeq }),
    [side, me, history.items, outbox, readSeq],
  );

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const first = history.items[0]?.seq ?? 0;
    const last = history.items[history.items.length - 1]?.seq ?? 0;
    const { first: oldFirst, last: oldLast, height, atBottom } = held.current;
    if (oldFirst > 0 && first < oldFirst && !atBottom) {
      // Earlier messages came in above: keep what is being read where it is.
      element.scrollTop += element.scrollHeight - height;
    } else if (atBottom) {
      element.scrollTop = element.scrollHeight;
    } else if (oldLast > 0 && last > oldLast) {
      const added = history.items.filter((each) => each.seq > oldLast && each.kind !== 'event');
      if (added.length > 0) setFresh((count) => count + added.length);
    }
    held.current = { ...held.current, first, last, height: element.scrollHeight };
  });

  const toBottom = () => {
    const element = scroller.current;
    if (!element) return;
    held.current.atBottom = true;
    element.scrollTop = element.scrollHeight;
  };

  // The window changes, and cards grow while one fills them in: what was at the bottom stays there.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(() => {
      if (held.current.atBottom) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  // What one writes oneself is to be seen.
  const waiting = outbox.length;
  useLayoutEffect(() => {
    if (waiting > 0) toBottom();
  }, [waiting]);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    held.current.atBottom = below < NEAR_BOTTOM_PX;
    setAway(below > JUMP_PX);
    if (held.current.atBottom) setFresh(0);
    if (element.scrollTop < OLDER_PX && history.hasOlder && history.older === 'idle')
      props.onOlder();
  };

  return (
    <div class="timeline">
      <div
        class="timeline-scroll"
        ref={scroller}
        role="log"
        aria-label={props.label}
        aria-busy={history.older === 'loading' || history.status === 'loading'}
        tabIndex={0}
        onScroll={onScroll}
      >
        <div class="timeline-body">
          {history.hasOlder && (
            <div class="timeline-older">
              <button
                type="button"
                class="link-button"
                disabled={history.older === 'loading'}
                onClick={props.onOlder}
              >
                {texts.t(history.older === 'loading' ? 'loadingOlder' : 'loadOlder')}
              </button>
            </div>
          )}
          {props.before}
          {rows.map((row) => (
            <TimelineRow key={row.key} row={row} {...props} />
          ))}
          {props.typing && <Typing person={props.typing} name={props.nameOf(props.typing)} />}
          {props.after}
        </div>
      </div>
      {away && (
        <button type="button" class="timeline-jump" onClick={toBottom}>
          <Icon name="down" size={16} />
          <span>{fresh > 0 ? texts.count('latest', fresh) : texts.t('toLatest')}</span>
        </button>
      )}
      <div class="visually-hidden" role="status">
        {props.typing && texts.t('typing', { name: props.nameOf(props.typing) })}
      </div>
    </div>
  );
}

function TimelineRow({ row, ...props }: TimelineViewProps & { row: Row }) {
  const texts = useTexts();
  if (row.kind === 'day') {
    return (
      <div class="day">
        <span>{day(row.created_at, texts)}</span>
      </div>
    );
  }
  if (row.kind === 'event') {
    return (
      <div class="event">
        {props.eventText(row.message)}
        <time dateTime={row.message.created_at}>{clock(row.message.created_at, texts)}</time>
      </div>
    );
  }
  const last = row.bubbles[row.bubbles.length - 1]!;
  const mine = row.from.kind === props.me.kind && row.from.id === props.me.id;
  const shown = props.nameOf(row.from);
  const name = mine ? texts.t('you') : shown;
  return (
    <div
      class={`group ${row.own ? 'is-own' : 'is-other'} ${row.note ? 'is-note' : ''} from-${row.from.kind}`}
    >
      {!row.own && !row.note && (
        <Avatar name={shown} seed={row.from.id ?? row.from.kind} size={28} />
      )}
      <div class="group-column">
        {row.bubbles.map((bubble) => (
          <BubbleView
            key={bubble.key}
            bubble={bubble}
            name={name}
            note={row.note}
            last={bubble === last}
            {...props}
          />
        ))}
        <div class="meta">
          {!mine && <span class="meta-name">{shown}</span>}
          <time dateTime={last.created_at}>{clock(last.created_at, texts)}</time>
          {last.delivery !== null && last.delivery !== 'failed' && (
            <Tick delivery={last.delivery} />
          )}
        </div>
      </div>
    </div>
  );
}

type BubbleViewProps = TimelineViewProps & {
  bubble: Bubble;
  name: string;
  note: boolean;
  last: boolean;
};

const FAILURES = ['too_large', 'forbidden', 'conflict'] as const;

function BubbleView({ bubble, name, note, last, ...props }: BubbleViewProps) {
  const texts = useTexts();
  const failure = FAILURES.find((code) => code === bubble.error);
  return (
    <div class="bubble-line">
      <div
        class={`bubble ${last ? 'has-tail' : ''} ${bubble.delivery === 'failed' ? 'is-failed' : ''}`}
      >
        <span class="visually-hidden">
          {texts.t('messageFrom', { name, time: clock(bubble.created_at, texts) })}{' '}
        </span>
        {note && (
          <span class="note-mark">
            <Icon name="lock" size={13} /> {texts.t('internalNote')}
          </span>
        )}
        <MessageText text={bubble.text} />
      </div>
      {bubble.delivery === 'failed' && (
        <div class="failure" role="alert">
          <Icon name="alert" size={14} />
          <span>{texts.t(failure ? `failed_${failure}` : 'failed')}</span>
          <button type="button" class="link-button" onClick={() => props.onResend(bubble.key)}>
            {texts.t('retry')}
          </button>
          <button type="button" class="link-button" onClick={() => props.onDiscard(bubble.key)}>
            {texts.t('discard')}
          </button>
        </div>
      )}
    </div>
  );
}

/** Text nodes and links, never markup. */
export function MessageText({ text }: { text: string }) {
  return (
    <span class="message-text" dir="auto">
      {autolink(text).map((piece, index) =>
        piece.href === undefined ? (
          piece.text
        ) : (
          <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ),
      )}
    </span>
  );
}

function Tick({ delivery }: { delivery: Exclude<Delivery, 'failed'> }) {
  const { t } = useTexts();
  const icon = delivery === 'read' ? 'checks' : delivery === 'sent' ? 'check' : 'clock';
  return (
    <span class={`tick is-${delivery}`} title={t(delivery)}>
      <Icon name={icon} size={14} label={t(delivery)} />
    </span>
  );
}

function Typing({ person, name }: { person: Person; name: string }) {
  return (
    <div class="group is-other is-typing" aria-hidden="true">
      <Avatar name={name} seed={person.id ?? person.kind} size={28} />
      <div class="bubble has-tail typing-dots">
        <i />
        <i />
        <i />
      </div>
    </div>
  );
}

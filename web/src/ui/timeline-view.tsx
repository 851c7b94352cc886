import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type HistoryState, isRevision } from '../protocol/history';
import type { OutboxEntry } from '../protocol/outbox';
import type { Message, Person } from '../protocol/types';
import { Announcer } from './announcer';
import { Avatar } from './avatar';
import { useTexts } from './context';
import { Icon } from './icons';
import type { BodyActions } from './message-body';
import { RichText } from './rich-text';
import { blockOf, isSame, type Side, timelineBlocks } from './timeline';
import { BlockView, Nearness, type RowContext } from './timeline-rows';

const NEAR_BOTTOM_PX = 80;
const JUMP_PX = 200;
const OLDER_PX = 1200;
/** A conversation of so many blocks is rendered as a whole, a longer one where it is read. */
const EAGER_BLOCKS = 8;
const JUMP_FRAMES = 30;
const observes = typeof ResizeObserver !== 'undefined';

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
  /** What cards, forms and files can do. */
  content?: BodyActions;
  /** How much of each file on its way is uploaded, by `client_id`. */
  progress?: ReadonlySignal<ReadonlyMap<string, number>>;
  /** What stands below a message that was sent: a menu of what can be done with it, and what else it is. */
  menu?(message: Message, own: boolean): ComponentChildren;
  /** Messages after this one are new to the reader. */
  unreadSeq?: number | undefined;
  /** Loads messages up to an earlier one, which somebody wants to jump to. */
  onReach?(seq: number): Promise<void>;
  /** The message to begin at, in place of the newest. */
  startSeq?: number | undefined;
  before?: ComponentChildren;
  after?: ComponentChildren;
}

export function TimelineView(props: TimelineViewProps) {
  const { history, outbox, side, me, readSeq, unreadSeq, nameOf, eventText } = props;
  const texts = useTexts();
  const locale = texts.locale.value;
  const scroller = useRef<HTMLDivElement>(null);
  const held = useRef<Held>({ last: 0, atBottom: true, anchor: null });
  const [away, setAway] = useState(false);
  const [fresh, setFresh] = useState(0);
  const blocks = useMemo(
    () =>
      timelineBlocks({
        side,
        me,
        items: history.items,
        outbox,
        readSeq,
        unreadSeq,
        texts,
        nameOf,
        eventText,
      }),
    [side, me, history.items, outbox, readSeq, unreadSeq, texts, locale, nameOf, eventText],
  );

  const mark = () => {
    const element = scroller.current;
    if (element) held.current.anchor = anchorOf(element);
  };

  /** What is read stays where it is, whatever comes in above; the end stays in sight. */
  const settle = () => {
    const element = scroller.current;
    if (!element) return;
    const { atBottom, anchor } = held.current;
    if (atBottom) {
      element.scrollTop = element.scrollHeight;
    } else if (anchor?.scrollTop === element.scrollTop) {
      const line = lineOf(element, anchor.seq);
      if (line) element.scrollTop += line.getBoundingClientRect().top - anchor.top;
    }
    mark();
  };

  // What one writes oneself is to be seen.
  const waiting = outbox.length;
  useLayoutEffect(() => {
    if (waiting > 0) held.current.atBottom = true;
  }, [waiting]);

  useLayoutEffect(() => {
    const last = history.items[history.items.length - 1]?.seq ?? 0;
    const { last: oldLast, atBottom } = held.current;
    // At the end the observer below does it before the next picture, when the page has been laid out anyway.
    if (!atBottom || !observes) settle();
    if (!atBottom && oldLast > 0 && last > oldLast) {
      const added = history.items.filter((each) => each.seq > oldLast && isNews(each, me));
      if (added.length > 0) setFresh((count) => count + added.length);
    }
    held.current.last = last;
  }, [blocks]);

  const toBottom = () => {
    held.current.atBottom = true;
    settle();
  };

  // The window changes, cards grow while one fills them in, and far blocks get their true height.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !observes) return;
    const observer = new ResizeObserver(settle);
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const { atBottom, anchor } = held.current;
    // It stands where it was put, and what is shown has grown since.
    if (atBottom && anchor?.scrollTop === element.scrollTop) settle();
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    held.current.atBottom = below < NEAR_BOTTOM_PX;
    mark();
    setAway(below > JUMP_PX);
    if (held.current.atBottom) setFresh(0);
    if (element.scrollTop < OLDER_PX && history.hasOlder && history.older === 'idle')
      props.onOlder();
  };

  // Always the newest functions, although blocks that show the same are not rendered again.
  const newest = useRef(props);
  newest.current = props;

  const jump = async (seq: number) => {
    const element = scroller.current;
    if (!element) return;
    if (!lineOf(element, seq)) await newest.current.onReach?.(seq);
    held.current.atBottom = false;
    // What was loaded just now, or is far away, is there some frames later.
    for (let frame = 0; frame < JUMP_FRAMES; frame++) {
      const target = lineOf(element, seq);
      const block = [...element.querySelectorAll<HTMLElement>('.block')]
        .reverse()
        .find((each) => Number(each.dataset['block']) <= blockOf(seq));
      (target ?? block)?.scrollIntoView({ block: target ? 'center' : 'start' });
      target?.focus({ preventScroll: true });
      mark();
      if (target) return;
      await new Promise(requestAnimationFrame);
    }
  };

  const { startSeq } = props;
  useEffect(() => {
    if (startSeq !== undefined) void jump(startSeq);
  }, [startSeq]);

  const { progress } = props;
  const hasMenu = props.menu !== undefined;
  const opensImages = props.content?.onOpenImage !== undefined;
  const context = useMemo<RowContext>(() => {
    const content = () => newest.current.content;
    return {
      side,
      progress,
      nearness: new Nearness(),
      content: {
        onReply: (text) => content()?.onReply?.(text),
        onAnswer: (seq, values) => content()?.onAnswer?.(seq, values),
        freshUrl: async (id) => content()?.freshUrl?.(id) ?? '',
        ...(opensImages && { onOpenImage: (message) => content()?.onOpenImage?.(message) }),
      },
      nameOf: (person) => newest.current.nameOf(person),
      onResend: (id) => newest.current.onResend(id),
      onDiscard: (id) => newest.current.onDiscard(id),
      onJump: (seq) => void jump(seq),
      menu: hasMenu ? (message, own) => newest.current.menu?.(message, own) : undefined,
    };
  }, [side, progress, hasMenu, opensImages]);

  return (
    <div class="timeline">
      <div
        class="timeline-scroll"
        ref={scroller}
        role="log"
        aria-live="off"
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
          {blocks.map((block, index) => (
            <BlockView
              key={block.key}
              block={block}
              eager={blocks.length <= EAGER_BLOCKS || index >= blocks.length - 2}
              context={context}
              locale={locale}
            />
          ))}
          {props.typing && <Typing person={props.typing} name={nameOf(props.typing)} />}
          {props.after}
        </div>
      </div>
      {away && (
        <button type="button" class="timeline-jump" onClick={toBottom}>
          <Icon name="down" size={16} />
          <span>{fresh > 0 ? texts.count('latest', fresh) : texts.t('toLatest')}</span>
        </button>
      )}
      <Announcer items={history.items} me={me} nameOf={nameOf} />
      <div class="visually-hidden" role="status">
        {props.typing && texts.t('typing', { name: nameOf(props.typing) })}
      </div>
    </div>
  );
}

interface Held {
  last: number;
  atBottom: boolean;
  anchor: Anchor | null;
}

/** The first message in sight, and where it stands. */
interface Anchor {
  seq: number;
  top: number;
  scrollTop: number;
}

function anchorOf(scroller: HTMLElement): Anchor | null {
  const { top } = scroller.getBoundingClientRect();
  const inSight = (each: Element) => each.getBoundingClientRect().bottom > top;
  // Block by block: to ask for the place of what is far from sight would lay it out.
  const block = [...scroller.querySelectorAll('.block')].find(inSight);
  const line = [...(block?.querySelectorAll<HTMLElement>('[data-seq]') ?? [])].find(inSight);
  if (!line) return null;
  const { scrollTop } = scroller;
  return { seq: Number(line.dataset['seq']), top: line.getBoundingClientRect().top, scrollTop };
}

function lineOf(scroller: HTMLElement, seq: number): HTMLElement | null {
  return scroller.querySelector(`[data-seq="${seq}"]`);
}

/** What somebody else wrote. */
export function isNews(message: Message, me: Person): boolean {
  return message.kind !== 'event' && !isRevision(message) && !isSame(message.from, me);
}

/** A text of the company, outside of a conversation's log. */
export function MessageText({ text }: { text: string }) {
  return <RichText text={text} plain={false} />;
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

import type { ReadonlySignal } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { OutboxEntry } from '../protocol/outbox';
import type { Message, Person } from '../protocol/types';
import { Avatar } from './avatar';
import { useTexts } from './context';
import { Icon } from './icons';
import { useLater } from './later';
import { attached, type BodyActions, MessageBody, NotLoaded } from './message-body';
import { previewOf } from './preview';
import { clock } from './time';
import { type Block, type Bubble, type Delivery, type Row, sameBlock, type Side } from './timeline';

/** What rows need beside themselves; it stays the same object while the timeline lives. */
export interface RowContext {
  side: Side;
  nearness: Nearness;
  content: BodyActions;
  progress: ReadonlySignal<ReadonlyMap<string, number>> | undefined;
  nameOf(person: Person): string;
  onResend(clientId: string): void;
  onDiscard(clientId: string): void;
  onJump(seq: number): void;
  menu: ((message: Message, own: boolean) => ComponentChildren) | undefined;
}

/** Calls back once for each element that comes near sight. */
export class Nearness {
  private observer: IntersectionObserver | null = null;
  private readonly waiting = new Map<Element, () => void>();

  watch(element: Element, come: () => void): void {
    this.observer ??= new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          this.waiting.get(target)?.();
          this.forget(target);
        }
      },
      { root: element.closest('.timeline-scroll'), rootMargin: NEAR },
    );
    this.waiting.set(element, come);
    this.observer.observe(element);
  }

  forget(element: Element): void {
    this.waiting.delete(element);
    this.observer?.unobserve(element);
  }
}

const NEAR = '1600px 0px';

interface BlockViewProps {
  block: Block;
  /** Rendered at once, without waiting until it is near. */
  eager: boolean;
  context: RowContext;
  locale: string;
}

interface BlockState {
  shown: boolean;
}

/** Rows that are rendered when they come near sight, and again only to show something else. */
export class BlockView extends Component<BlockViewProps, BlockState> {
  override state: BlockState = { shown: this.props.eager };
  private element: HTMLElement | null = null;

  override componentDidMount(): void {
    const { element } = this;
    if (!element || this.state.shown) return;
    this.props.context.nearness.watch(element, () => this.setState({ shown: true }));
  }

  override componentWillUnmount(): void {
    if (this.element) this.props.context.nearness.forget(this.element);
  }

  override shouldComponentUpdate(next: BlockViewProps, state: BlockState): boolean {
    const { block, context, locale } = this.props;
    return (
      state.shown !== this.state.shown ||
      next.context !== context ||
      next.locale !== locale ||
      !sameBlock(block, next.block)
    );
  }

  override render({ block, context, eager }: BlockViewProps, { shown }: BlockState) {
    // To ask whether what is eager is in sight would take a second layout.
    const look = !shown ? 'is-far' : eager ? '' : 'is-long';
    return (
      <div
        class={`block ${look}`}
        data-block={block.key}
        ref={(element: HTMLElement | null) => {
          this.element = element ?? this.element;
        }}
      >
        {shown && block.rows.map((row) => <RowView key={row.key} row={row} context={context} />)}
      </div>
    );
  }
}

function RowView({ row, context }: { row: Row; context: RowContext }) {
  const texts = useTexts();
  switch (row.kind) {
    case 'day':
      return (
        <div class="day">
          <span>{row.label}</span>
        </div>
      );
    case 'new':
      return (
        <div class="day is-new">
          <span>{texts.t('newDivider')}</span>
        </div>
      );
    case 'event':
      return (
        <div class="event">
          {row.label}
          <time dateTime={row.created_at}>{clock(row.created_at)}</time>
        </div>
      );
    case 'group':
      return <Group row={row} context={context} />;
  }
}

type GroupRow = Extract<Row, { kind: 'group' }>;

function Group({ row, context }: { row: GroupRow; context: RowContext }) {
  const texts = useTexts();
  const { from, own, note, mine, name, bubbles } = row;
  const last = bubbles[bubbles.length - 1]!;
  const { created_at } = last.message;
  return (
    <div
      class={`group ${own ? 'is-own' : 'is-other'} ${note ? 'is-note' : ''} from-${from.kind}`}
    >
      {!own && !note && <Avatar name={name} seed={from.id ?? from.kind} size={28} />}
      <div class="group-column">
        {bubbles.map((bubble) => (
          <BubbleView
            key={bubble.key}
            bubble={bubble}
            name={mine ? texts.t('you') : name}
            isLast={bubble === last}
            own={own}
            context={context}
          />
        ))}
        <div class="meta">
          {!mine && <bdi class="meta-name">{name}</bdi>}
          <time dateTime={created_at}>{clock(created_at)}</time>
          {last.delivery !== null && last.delivery !== 'failed' && (
            <Tick delivery={last.delivery} />
          )}
        </div>
      </div>
    </div>
  );
}

interface BubbleViewProps {
  bubble: Bubble;
  name: string;
  isLast: boolean;
  own: boolean;
  context: RowContext;
}

function BubbleView({ bubble, name, isLast, own, context }: BubbleViewProps) {
  const texts = useTexts();
  const { entry, delivery, quoted, related } = bubble;
  const message = usePreview(bubble.message, entry);
  const { seq, kind, quote_seq, revision, created_at } = message;
  const withdrawn = revision === 'recalled' || revision === 'erased';
  const failed = delivery === 'failed';
  const looks = [isLast && 'has-tail', failed && 'is-failed'].filter(Boolean).join(' ');
  return (
    <div class="bubble-line" role="article" tabIndex={-1} data-seq={seq || undefined}>
      <div class={`bubble of-${withdrawn ? revision : kind} ${looks}`}>
        <span class="visually-hidden">
          {texts.t('messageFrom', { name, time: clock(created_at) })}{' '}
        </span>
        {kind === 'note' && (
          <span class="note-mark">
            <Icon name="lock" size={13} /> {texts.t('internalNote')}
          </span>
        )}
        {quote_seq && !withdrawn ? (
          <button type="button" class="quote" onClick={() => context.onJump(quote_seq)}>
            {quoted
              ? texts.t('quotedFrom', {
                  name: context.nameOf(quoted.from),
                  text: previewOf(quoted, texts),
                })
              : texts.t('quoted')}
          </button>
        ) : null}
        <MessageBody message={message} side={context.side} related={related} {...context.content} />
        {seq > 0 && !withdrawn && context.menu?.(bubble.message, own)}
      </div>
      {entry && (entry.file || failed) && <Pending entry={entry} context={context} />}
    </div>
  );
}

/** A picture that is not uploaded yet is shown as it is on this machine. */
function usePreview(message: Message, entry: OutboxEntry | null): Message {
  const blob = message.kind === 'image' ? entry?.file?.blob : undefined;
  const url = useMemo(() => blob && URL.createObjectURL(blob), [blob]);
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  return url === undefined ? message : { ...message, data: { ...message.data, url } };
}

interface EntryProps {
  entry: OutboxEntry;
  context: RowContext;
}

/** How an upload goes, or why something was not sent. */
function Pending({ entry, context }: EntryProps) {
  const bodies = useLater(attached);
  if (bodies === null) return null;
  if (bodies === 'failed') return <NotLoaded />;
  const { Failure, UploadState } = bodies;
  const { progress, onResend, onDiscard } = context;
  return entry.state === 'failed' ? (
    <Failure entry={entry} onResend={onResend} onDiscard={onDiscard} />
  ) : (
    <UploadState entry={entry} progress={progress} onDiscard={onDiscard} />
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

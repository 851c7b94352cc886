import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { View } from '../../protocol/types';
import { ContextMenu } from '../../ui/context-menu';
import { useConsole, useDesk, visitorName } from '../context';
import { route } from '../router';
import { HeldOrder } from './held-order';
import { density } from './list-header';
import { VIEW_TITLES } from './list-pane';
import { Row, type RowActions } from './row';
import { RowMenu } from './row-menu';
import { scrollTo, WINDOW_FROM, windowOf } from './window';

const ROW_PX = 76;
const ROW_COMPACT_PX = 52;
/** The next page is asked for so far above the end. */
const MORE_ROWS = 12;

interface RowsProps {
  view: View;
  selection: Signal<ReadonlySet<string>>;
}

interface Menu {
  id: string;
  at: { x: number; y: number };
}

export function Rows({ view, selection }: RowsProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t, count } = i18n;
  const order = useMemo(() => new HeldOrder(), []);
  const [menu, setMenu] = useState<Menu | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [, setHeld] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const toFocus = useRef<string | null>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 800 });

  const { compact } = density.value;
  const rowHeight = compact ? ROW_COMPACT_PX : ROW_PX;
  const live = desk.known.lists[view].value;
  const { ids, fresh } = order.of(live);
  const page = desk.list.pages.value[view];
  const current = route.value.conversation;
  const tabStop = [focused, current].find((id) => id !== null && ids.includes(id)) ?? ids[0];
  const { start, end } = windowOf(ids.length, rowHeight, scroll.top, scroll.height);
  const isWindowed = ids.length > WINDOW_FROM;
  // A signal: rows that stay where they are need not be drawn again because there are more of them.
  const total = useSignal(ids.length);
  total.value = ids.length;

  const rerender = () => setHeld((value) => value + 1);
  const hold = () => {
    order.hold(desk.known.lists[view].peek());
    rerender();
  };
  const release = () => {
    if (scroller.current?.querySelector('.row:focus-visible')) return;
    order.release();
    rerender();
  };

  const measure = () => {
    const box = scroller.current;
    if (!box) return;
    const { scrollTop, clientHeight, scrollHeight } = box;
    setScroll((before) =>
      Math.abs(before.top - scrollTop) < rowHeight && before.height === clientHeight
        ? before
        : { top: scrollTop, height: clientHeight },
    );
    const below = scrollHeight - scrollTop - clientHeight;
    if (below < MORE_ROWS * rowHeight && page.more === 'idle') void desk.list.more(view);
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, [rowHeight, page]);

  const moveTo = (index: number) => {
    const id = ids[Math.max(0, Math.min(index, ids.length - 1))];
    const box = scroller.current!;
    if (id === undefined) return;
    const top = scrollTo(ids.indexOf(id), rowHeight, box.scrollTop, box.clientHeight);
    if (top !== null) box.scrollTop = top;
    toFocus.current = id;
    setFocused(id);
    measure();
  };
  useLayoutEffect(() => {
    if (toFocus.current === null) return;
    const row = rowOf(scroller.current, toFocus.current);
    if (!row) return;
    toFocus.current = null;
    row.focus({ preventScroll: true });
  });

  const toggle = (id: string) => {
    const next = new Set(selection.peek());
    if (!next.delete(id)) next.add(id);
    selection.value = next;
  };
  const actions = useMemo<RowActions>(
    () => ({
      focus: setFocused,
      select(id, range) {
        const anchor = [...selection.peek()].at(-1);
        const list = desk.known.lists[view].peek();
        const [from, to] = [list.indexOf(anchor ?? ''), list.indexOf(id)].sort((a, b) => a - b);
        if (!range || from! < 0) toggle(id);
        else selection.value = new Set([...selection.peek(), ...list.slice(from!, to! + 1)]);
      },
      menu: (id, x, y) => setMenu({ id, at: { x, y } }),
    }),
    [desk, view],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const at = ids.indexOf(idOf(event.target) ?? '');
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const perPage = Math.max(1, Math.floor(scroll.height / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + perPage,
      PageUp: at - perPage,
      Home: 0,
      End: ids.length - 1,
    };
    if (event.key in moves) {
      moveTo(moves[event.key]!);
    } else if (event.key === ' ') {
      toggle(ids[at]!);
    } else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      const { left, bottom } = (event.target as HTMLElement).getBoundingClientRect();
      setMenu({ id: ids[at]!, at: { x: left + 48, y: bottom - 12 } });
    } else {
      return;
    }
    event.preventDefault();
  };

  const conversation = menu && desk.known.peek(menu.id);
  const shown = ids.slice(start, end).map((id, at) => ({ id, position: start + at }));
  const tabAt = tabStop === undefined ? -1 : ids.indexOf(tabStop);
  // The tab stop stays in the page wherever the list was scrolled to.
  if (tabAt >= 0 && (tabAt < start || tabAt >= end)) shown.push({ id: tabStop!, position: tabAt });
  return (
    <div
      class="list-frame"
      onPointerEnter={(event) => event.pointerType === 'mouse' && hold()}
      onPointerLeave={release}
    >
      {fresh > 0 && (
        <button
          type="button"
          class="fresh-pill"
          onClick={() => {
            order.renew(desk.known.lists[view].peek());
            scroller.current!.scrollTop = 0;
            rerender();
          }}
        >
          {count('freshRows', fresh)} ↑
        </button>
      )}
      <div
        ref={scroller}
        class="list-scroll"
        onScroll={measure}
        onFocusIn={(event) => {
          if ((event.target as HTMLElement).matches('.row:focus-visible')) hold();
        }}
        onFocusOut={() => {
          if (!scroller.current?.closest('.list-frame:hover')) setTimeout(release);
        }}
      >
        <ul
          class={`list-rows ${compact ? 'is-compact' : ''} ${isWindowed ? 'is-windowed' : ''}`}
          aria-label={t('listLabel', { view: t(VIEW_TITLES[view]) })}
          style={isWindowed ? { height: `${ids.length * rowHeight}px` } : {}}
          onKeyDown={onKeyDown}
        >
          {shown.map(({ id, position }) => (
            <Row
              key={id}
              id={id}
              view={view}
              desk={desk}
              i18n={i18n}
              compact={compact}
              tabStop={id === tabStop}
              current={id === current}
              selected={selection.value.has(id)}
              selecting={selection.value.size > 0}
              position={isWindowed ? position : undefined}
              total={isWindowed ? total : undefined}
              top={isWindowed ? position * rowHeight : undefined}
              actions={actions}
            />
          ))}
        </ul>
        {page.cursor !== null && (
          <div class="list-more">
            <button
              type="button"
              class="link-button"
              disabled={page.more === 'loading'}
              onClick={() => void desk.list.more(view)}
            >
              {t(MORE_TEXTS[page.more])}
            </button>
          </div>
        )}
      </div>
      {conversation && (
        <ContextMenu
          label={t('rowMenu', { name: visitorName(conversation.visitor, i18n) })}
          at={menu.at}
          onClose={() => setMenu(null)}
        >
          <RowMenu view={view} conversation={conversation} close={() => setMenu(null)} />
        </ContextMenu>
      )}
      <span class="visually-hidden" role="status">
        {fresh > 0 && count('freshRows', fresh)}
      </span>
    </div>
  );
}

const MORE_TEXTS = { idle: 'loadMore', loading: 'loading', error: 'retry' } as const;

function idOf(target: EventTarget | null): string | undefined {
  return (target as HTMLElement | null)?.closest<HTMLElement>('[data-id]')?.dataset['id'];
}

function rowOf(list: HTMLElement | null, id: string): HTMLElement | null {
  return list?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] > .row`) ?? null;
}

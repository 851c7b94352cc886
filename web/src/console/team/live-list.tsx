import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { HeldOrder } from '../list/held-order';
import { scrollTo, WINDOW_FROM, windowOf } from '../list/window';
import { currentFilter, watchedId } from './address';
import { useBoard, useTeamTexts } from './context';
import type { Live } from './live';
import { matches } from './live';
import { LiveRow } from './live-row';

const ROW_PX = 60;
const ROW_NARROW_PX = 84;
const NARROW_PX = 560;

/** What runs now, who waits for longest first; under the pointer the order stays as it is. */
export function LiveList() {
  const board = useBoard();
  const { t, count } = useTeamTexts();
  const filter = currentFilter();
  const filterKey = JSON.stringify(filter);
  const order = useMemo(() => new HeldOrder(), [filterKey]);
  const kept = useRef(new Map<string, Live>());
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ top: 0, height: 800, narrow: false });
  const [focused, setFocused] = useState<string | null>(null);
  const [, redraw] = useState(0);
  const toFocus = useRef<string | null>(null);

  const live = useMemo(
    () => board.live.value.filter((each) => matches(each, filter)),
    [board.live.value, filterKey],
  );
  const byId = new Map(live.map((each) => [each.conversation.id, each]));
  const { ids, fresh } = order.of(live.map((each) => each.conversation.id));
  // A row that is held stays to be seen when its conversation has ended.
  kept.current = new Map(
    ids.flatMap((id) => {
      const row = byId.get(id) ?? kept.current.get(id);
      return row ? [[id, row]] : [];
    }),
  );
  const rowHeight = box.narrow ? ROW_NARROW_PX : ROW_PX;
  const { start, end } = windowOf(ids.length, rowHeight, box.top, box.height);
  const isWindowed = ids.length > WINDOW_FROM;
  const current = watchedId();
  const tabStop = [focused, current].find((id) => id !== null && ids.includes(id)) ?? ids[0];

  const measure = () => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop, clientHeight, clientWidth } = element;
    setBox((before) => {
      const next = { top: scrollTop, height: clientHeight, narrow: clientWidth < NARROW_PX };
      const same =
        Math.abs(before.top - next.top) < rowHeight &&
        before.height === next.height &&
        before.narrow === next.narrow;
      return same ? before : next;
    });
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);

  const hold = () => order.hold(ids);
  const release = () => {
    if (frame.current?.matches(':hover') || scroller.current?.matches(':has(:focus-visible)')) return;
    order.release();
    redraw((value) => value + 1);
  };
  const moveTo = (index: number) => {
    const id = ids[Math.max(0, Math.min(index, ids.length - 1))];
    const element = scroller.current;
    if (id === undefined || !element) return;
    const at = ids.indexOf(id);
    const top = scrollTo(at, rowHeight, element.scrollTop, element.clientHeight);
    if (top !== null) element.scrollTop = top;
    toFocus.current = id;
    setFocused(id);
    measure();
  };
  useLayoutEffect(() => {
    const id = toFocus.current;
    if (id === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] > a`);
    if (!row) return;
    toFocus.current = null;
    row.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    const at = ids.indexOf(target.closest<HTMLElement>('[data-id]')?.dataset['id'] ?? '');
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const screenful = Math.max(1, Math.floor(box.height / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + screenful,
      PageUp: at - screenful,
      Home: 0,
      End: ids.length - 1,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    moveTo(next);
  };

  if (ids.length === 0) {
    const isFiltered = Object.values(filter).some((each) => each !== '');
    return (
      <div class="pane-state">
        <Icon name={isFiltered ? 'info' : 'check'} size={28} />
        <p>{t(isFiltered ? 'noneMatch' : 'noneRun')}</p>
      </div>
    );
  }
  const shown = ids.slice(start, end);
  // The tab stop stays in the page wherever the list was scrolled to.
  if (tabStop !== undefined && !shown.includes(tabStop)) shown.push(tabStop);
  const places = new Map(isWindowed ? ids.map((id, at) => [id, at] as const) : []);
  return (
    // The pill lies beside the rows: who goes to it is still here.
    <div
      ref={frame}
      class="live-frame"
      onPointerEnter={(event) => event.pointerType === 'mouse' && hold()}
      onPointerLeave={() => setTimeout(release)}
    >
      {fresh > 0 && (
        <button
          type="button"
          class="fresh-pill"
          onClick={() => {
            order.renew(live.map((each) => each.conversation.id));
            if (scroller.current) scroller.current.scrollTop = 0;
            redraw((value) => value + 1);
          }}
        >
          {count('fresh', fresh)} ↑
        </button>
      )}
      <div
        ref={scroller}
        class={`live-scroll ${box.narrow ? 'is-narrow' : ''}`}
        onScroll={measure}
        onFocusIn={(event) => {
          if ((event.target as HTMLElement).matches(':focus-visible')) hold();
        }}
        onFocusOut={() => setTimeout(release)}
      >
        <ul
          class={`live-rows ${isWindowed ? 'is-windowed' : ''}`}
          aria-label={t('liveLabel')}
          style={isWindowed ? { height: `${ids.length * rowHeight}px` } : {}}
          onKeyDown={onKeyDown}
        >
          {shown.map((id) => {
            const row = kept.current.get(id);
            const place = places.get(id);
            return (
              row && (
                <li
                  key={id}
                  data-id={id}
                  {...(place === undefined
                    ? {}
                    : {
                        'aria-posinset': place + 1,
                        'aria-setsize': ids.length,
                        style: { transform: `translateY(${place * rowHeight}px)` },
                      })}
                >
                  <LiveRow
                    live={row}
                    ended={!byId.has(id)}
                    current={id === current}
                    tabStop={id === tabStop}
                    onFocus={setFocused}
                  />
                </li>
              )
            );
          })}
        </ul>
      </div>
    </div>
  );
}

import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { Icon } from '../../ui/icons';
import { Popover } from '../../ui/popover';
import { useConsole } from '../context';
import type { CardLayout } from './card-layout';

/** How long the parts of a card wait for an answer. */
export const CARD_TIMEOUT_MS = 10_000;
const DRAG_FROM_PX = 6;

interface CardProps {
  name: string;
  title: string;
  layout: CardLayout;
  /** The cards that are shown, in their order. */
  shown: readonly string[];
  onMoved(title: string, place: number): void;
  children: ComponentChildren;
}

/** A part of the details column that closes, and moves by mouse, finger or menu. */
export function Card({ name, title, layout, shown, onMoved, children }: CardProps) {
  const { t } = useConsole().i18n;
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const open = !layout.closed.value.has(name);
  const at = shown.indexOf(name);
  const moveTo = (other: string | undefined) => {
    if (other === undefined || other === name) return;
    layout.move(name, layout.order.value.indexOf(other));
    onMoved(title, shown.indexOf(other));
  };
  const moveByMenu = (other: string | undefined) => {
    moveTo(other);
    // An element that changes its place loses the focus.
    requestAnimationFrame(() => root.current?.querySelector<HTMLElement>('.card-menu')?.focus());
  };
  return (
    <div class="card" role="group" data-card={name} ref={root} aria-labelledby={id}>
      <header class="card-head">
        <Grip root={root} name={name} moveTo={moveTo} />
        <h3>
          <button
            type="button"
            id={id}
            class="card-toggle"
            aria-expanded={open}
            onClick={() => layout.toggle(name)}
          >
            {title}
            <Icon name="chevron" size={16} />
          </button>
        </h3>
        <Popover
          label={t('cardOptions', { card: title })}
          className="icon-button card-menu"
          align="end"
          button={<Icon name="dots" size={16} />}
        >
          {(close) => (
            <>
              <button
                type="button"
                class="menu-item"
                disabled={at === 0}
                onClick={() => {
                  close();
                  moveByMenu(shown[at - 1]);
                }}
              >
                {t('moveUp')}
              </button>
              <button
                type="button"
                class="menu-item"
                disabled={at === shown.length - 1}
                onClick={() => {
                  close();
                  moveByMenu(shown[at + 1]);
                }}
              >
                {t('moveDown')}
              </button>
            </>
          )}
        </Popover>
      </header>
      {open && <div class="card-body">{children}</div>}
    </div>
  );
}

interface GripProps {
  root: { readonly current: HTMLElement | null };
  name: string;
  moveTo(other: string | undefined): void;
}

/** Where one takes hold of a card; the menu beside it does the same from the keyboard. */
function Grip({ root, name, moveTo }: GripProps) {
  const latest = useRef(moveTo);
  latest.current = moveTo;
  const start = (event: PointerEvent) => {
    event.preventDefault();
    let from = event.clientY;
    const move = ({ clientY }: PointerEvent) => {
      if (Math.abs(clientY - from) < DRAG_FROM_PX) return;
      root.current?.classList.add('is-dragged');
      const other = cardAt(root.current?.parentElement ?? null, name, clientY);
      if (other === undefined) return;
      from = clientY;
      latest.current(other);
    };
    const end = () => {
      root.current?.classList.remove('is-dragged');
      document.removeEventListener('pointermove', move);
      document.removeEventListener('pointerup', end);
      document.removeEventListener('pointercancel', end);
    };
    // On the document: an element that changes its place loses its hold of the pointer.
    document.addEventListener('pointermove', move);
    document.addEventListener('pointerup', end);
    document.addEventListener('pointercancel', end);
  };
  return (
    <span class="card-grip" aria-hidden="true" onPointerDown={start}>
      <Icon name="grip" size={14} />
    </span>
  );
}

/** The card that `y` is well within, or two of different heights would change places for ever. */
function cardAt(column: HTMLElement | null, name: string, y: number): string | undefined {
  const cards = [...(column?.querySelectorAll<HTMLElement>('[data-card]') ?? [])];
  const own = cards.findIndex((card) => card.dataset['card'] === name);
  const hit = cards.find((card, index) => {
    const { top, bottom } = card.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    return index < own ? y >= top && y < middle : index > own && y > middle && y <= bottom;
  });
  return hit?.dataset['card'];
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

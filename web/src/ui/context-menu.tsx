import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface ContextMenuProps {
  label: string;
  /** Where it was asked for, in the window. */
  at: { x: number; y: number };
  onClose(): void;
  /** Buttons and links of the class `menu-item` with the role `menuitem`. */
  children: ComponentChildren;
}

const EDGE_PX = 8;

/** A menu beside the pointer or a row: arrows move, Escape closes, the focus goes back. */
export function ContextMenu({ label, at, onClose, children }: ContextMenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(at);

  useLayoutEffect(() => {
    const element = menu.current!;
    const { width, height } = element.getBoundingClientRect();
    setPlace({
      x: Math.max(EDGE_PX, Math.min(at.x, innerWidth - width - EDGE_PX)),
      y: Math.max(EDGE_PX, Math.min(at.y, innerHeight - height - EDGE_PX)),
    });
    const before = document.activeElement;
    itemsOf(element)[0]?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  useEffect(() => {
    const elsewhere = (event: Event) => {
      if (!menu.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('pointerdown', elsewhere);
    window.addEventListener('blur', onClose);
    return () => {
      document.removeEventListener('pointerdown', elsewhere);
      window.removeEventListener('blur', onClose);
    };
  }, []);

  return (
    <div
      ref={menu}
      role="menu"
      aria-label={label}
      class="popover context-menu"
      style={{ left: `${place.x}px`, top: `${place.y}px` }}
      onKeyDown={(event) => {
        event.stopPropagation();
        const items = itemsOf(event.currentTarget);
        const at = items.indexOf(document.activeElement as HTMLElement);
        const next: Record<string, number> = {
          ArrowDown: (at + 1) % items.length,
          ArrowUp: (at - 1 + items.length) % items.length,
          Home: 0,
          End: items.length - 1,
        };
        if (event.key === 'Escape' || event.key === 'Tab') onClose();
        else if (event.key in next) items[next[event.key]!]?.focus();
        else return;
        event.preventDefault();
      }}
    >
      {children}
    </div>
  );
}

function itemsOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]:not(:disabled)')];
}

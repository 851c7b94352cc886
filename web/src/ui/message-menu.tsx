import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { useTexts } from './context';
import { Icon } from './icons';
import { stepFocus } from './popover';
import type { MessageAction } from './timeline-view';

export interface OpenMenu {
  actions: readonly MessageAction[];
  /** What opened it, and gets the focus back. */
  button: HTMLElement;
}

const GAP_PX = 4;

/** What can be done with a message. It stands beside the log, which cuts off what is laid over its rows. */
export function MessageMenu({ menu, onClose }: { menu: OpenMenu; onClose(): void }) {
  const { t } = useTexts();
  const panel = useRef<HTMLDivElement>(null);
  const { actions, button } = menu;
  const close = () => {
    button.focus();
    onClose();
  };

  useLayoutEffect(() => {
    const element = panel.current;
    const area = element?.offsetParent?.getBoundingClientRect();
    if (!element || !area) return;
    const at = button.getBoundingClientRect();
    const left = Math.min(at.left - area.left, area.width - element.offsetWidth - GAP_PX);
    const below = at.bottom - area.top + GAP_PX;
    const fits = below + element.offsetHeight <= area.height;
    const top = fits ? below : at.top - area.top - element.offsetHeight - GAP_PX;
    element.style.left = `${Math.max(GAP_PX, left)}px`;
    element.style.top = `${Math.max(GAP_PX, top)}px`;
    button.setAttribute('aria-expanded', 'true');
    element.querySelector('button')?.focus();
    return () => button.setAttribute('aria-expanded', 'false');
  }, [menu]);

  useEffect(() => {
    const onPointer = ({ target }: Event) => {
      const inside = panel.current?.contains(target as Node) || button.contains(target as Node);
      if (!inside) onClose();
    };
    document.addEventListener('pointerdown', onPointer);
    window.addEventListener('blur', onClose);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      window.removeEventListener('blur', onClose);
    };
  });

  return (
    <div
      ref={panel}
      class="popover message-menu"
      role="group"
      aria-label={t('messageMenu')}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.preventDefault();
          event.stopPropagation();
          close();
        } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          event.preventDefault();
          stepFocus(panel.current?.parentElement ?? null, event.key === 'ArrowDown' ? 1 : -1);
        } else if (event.key === 'Tab') {
          onClose();
        }
      }}
    >
      {actions.map(({ icon, label, run }) => (
        <button
          key={label}
          type="button"
          class="menu-item"
          onClick={() => {
            close();
            run();
          }}
        >
          <Icon name={icon} size={16} />
          {label}
        </button>
      ))}
    </div>
  );
}

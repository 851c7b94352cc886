import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons';

/** An entry of the menu of a message. */
export interface MessageAction {
  icon: IconName;
  label: string;
  run(): void;
}

interface MessageMenuProps {
  actions: readonly MessageAction[];
  close(): void;
}

const MARGIN_PX = 4;

/** What can be done with a message, in a popover that stays within the log. */
export function MessageMenu({ actions, close }: MessageMenuProps) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const panel = list.current?.parentElement;
    const log = panel?.closest('.timeline-scroll')?.getBoundingClientRect();
    if (!panel || !log) return;
    const { left, right } = panel.getBoundingClientRect();
    const before = log.left + MARGIN_PX - left;
    const after = log.right - MARGIN_PX - right;
    panel.style.translate = `${before > 0 ? before : Math.min(0, after)}px`;
  }, []);
  return (
    <div ref={list}>
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
          <span>{label}</span>
        </button>
      ))}
    </div>
  );
}

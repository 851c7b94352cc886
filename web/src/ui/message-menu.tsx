import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './icons';
import { useMoreTexts } from './more-texts';
import { Popover } from './popover';

/** An entry of the menu of a message. */
export interface MessageAction {
  icon: IconName;
  label: string;
  run(): void;
}

interface MessageMenuProps {
  own: boolean;
  /** At least one thing, asked for when it is opened. */
  actions(): readonly MessageAction[];
}

interface ActionsProps {
  actions: readonly MessageAction[];
  close(): void;
}

const MARGIN_PX = 4;

/** The button beside a bubble, and what can be done with the message. */
export function MessageMenu({ own, actions }: MessageMenuProps) {
  const { t } = useMoreTexts();
  return (
    <Popover
      label={t('messageMenu')}
      className="bubble-menu"
      align={own ? 'end' : 'start'}
      button={<Icon name="dots" size={16} />}
    >
      {(close) => <Actions actions={actions()} close={close} />}
    </Popover>
  );
}

/** In a popover that stays within the log. */
function Actions({ actions, close }: ActionsProps) {
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

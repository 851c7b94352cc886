import type { ComponentChild, ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { Icon, type IconName } from '../ui/icons';
import { Later, useLater } from '../ui/later';
import { Loading } from './loading';

/** The screens, cards and menus that a first message does not need. */
export const extras = new Later(() => import('./extras'));

type Part =
  | 'BotBar'
  | 'Closed'
  | 'Conversations'
  | 'Home'
  | 'OfflineForm'
  | 'PreChat'
  | 'RateLimit'
  | 'RatingCard'
  | 'Waiting';

interface OnDemandProps {
  name: Part;
  /** Nothing stands in its place. */
  quiet?: boolean;
}

/** A part that comes a little later. */
export function OnDemand({ name, quiet = false }: OnDemandProps) {
  const loaded = useLater(extras);
  if (loaded === null && quiet) return null;
  if (loaded === null || loaded === 'failed') {
    return <Loading failed={loaded === 'failed'} retry={() => extras.prefetch()} />;
  }
  const Loaded = loaded[name];
  return <Loaded />;
}

/** The button of a menu, as it stood there before the menu was loaded. */
export interface MenuButton {
  label: string;
  className: string;
  button: ComponentChild;
  opened: boolean;
}

interface LateMenuProps {
  name: 'HeaderMenu' | 'EmojiMenu';
  label: string;
  icon: IconName;
  onPick?(emoji: string): void;
}

/** A button whose menu is loaded when it is opened first. */
export function LateMenu({ name, label, icon, onPick }: LateMenuProps) {
  const [wanted, setWanted] = useState(false);
  const loaded = extras.loaded.value;
  const button = <Icon name={icon} size={20} />;
  const face = { label, className: 'icon-button', button, opened: true };
  if (wanted && loaded !== null && loaded !== 'failed') {
    const Menu = loaded[name] as ComponentType<MenuButton & Pick<LateMenuProps, 'onPick'>>;
    return <Menu {...face} {...(onPick && { onPick })} />;
  }
  return (
    <div class="popover-root">
      <button
        type="button"
        class={face.className}
        aria-label={label}
        title={label}
        aria-expanded={false}
        aria-haspopup="true"
        onClick={() => {
          setWanted(true);
          extras.prefetch();
        }}
      >
        {button}
      </button>
    </div>
  );
}

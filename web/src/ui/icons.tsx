import type { MoreIcons } from './more-icons';

/** Line icons on a 24 grid, drawn for this project: those of the widget's first view. */
const FIRST = {
  alert: 'M12 8v5M12 16.5v.01M12 3 2.5 20h19z',
  back: 'M15 5l-7 7 7 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5 7 17l9.5-9.5M11.5 16l1 1L22 7.5',
  clip: 'M19.5 11.5 12 19a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 4.7 4.7l-7.7 7.7a1.6 1.6 0 0 1-2.3-2.3l7-7',
  clock: 'M12 7v5.2l3 1.8M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  close: 'M6 6l12 12M18 6 6 18',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  down: 'M12 5v14M6 13l6 6 6-6',
  send: 'M4 12 3.5 4.5 21 12 3.5 19.5zM4 12h8',
  smile: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M8.5 14.5c1.8 2.4 5.2 2.4 7 0M9 9.5v.01M15 9.5v.01',
};
const paths: { [name in IconName]?: string } = FIRST;

export type IconName = keyof typeof FIRST | keyof MoreIcons;

/** Takes in icons that are loaded later. */
export function addIcons(more: Partial<MoreIcons>): void {
  Object.assign(paths, more);
}

interface IconProps {
  name: IconName;
  size?: number;
  filled?: boolean;
  /** Read out; without it the icon is decoration. */
  label?: string;
}

export function Icon({ name, size = 18, filled = false, label }: IconProps) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      stroke-width={name === 'dots' || name === 'grip' ? 3 : 1.8}
      stroke-linecap="round"
      stroke-linejoin="round"
      {...(label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label })}
    >
      <path d={paths[name]} />
    </svg>
  );
}

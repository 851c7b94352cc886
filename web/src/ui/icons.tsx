/** Line icons on a 24 grid, drawn for this project. */
const PATHS = {
  alert: 'M12 8v5M12 16.5v.01M12 3 2.5 20h19z',
  back: 'M15 5l-7 7 7 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5 7 17l9.5-9.5M11.5 16l1 1L22 7.5',
  chevron: 'M6 9l6 6 6-6',
  clock: 'M12 7v5.2l3 1.8M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  down: 'M12 5v14M6 13l6 6 6-6',
  globe:
    'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M3.5 9.5h17M3.5 14.5h17M12 3c-5 5-5 13 0 18 5-5 5-13 0-18',
  inbox: 'M3.5 13 6.5 5h11l3 8v6h-17zM3.5 13h5l1.5 2.5h4L15.5 13h5',
  info: 'M12 11v6M12 7.5v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5',
  note: 'M5 4h14v10l-5 6H5zM14 20v-6h5M8.5 8.5h7M8.5 12h4',
  pause: 'M9 6v12M15 6v12',
  reopen: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5',
  reply: 'M9 6 3.5 11.5 9 17M4 11.5h9c4 0 7 2 7.5 6.5',
  send: 'M4 12 3.5 4.5 21 12 3.5 19.5zM4 12h8',
  shield: 'M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6zM8.5 12l2.5 2.5 4.5-5',
  star: 'M12 3.5l2.6 5.5 6 .8-4.4 4.2 1.1 6L12 17.1 6.7 20l1.1-6L3.4 9.8l6-.8z',
  swap: 'M4 8.5h14M14.5 5 18 8.5 14.5 12M20 15.5H6M9.5 12 6 15.5 9.5 19',
  user: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M4.5 20.5c.5-4.5 3.5-6.5 7.5-6.5s7 2 7.5 6.5',
  up: 'M12 19V5M6 11l6-6 6 6',
  equal: 'M5 9.5h14M5 14.5h14',
  chart: 'M4 4v16h16M8 16v-4M12.5 16V8M17 16v-6',
  headset: 'M4 14v-2a8 8 0 0 1 16 0v2M4 13.5h3v6H5.5A1.5 1.5 0 0 1 4 18zM20 13.5h-3v6h-3.5M20 13.5V18a1.5 1.5 0 0 1-1.5 1.5H17',
  ledger: 'M6 3.5h12v17H6zM9.5 8h5M9.5 12h5M9.5 16h3M3.5 7H6M3.5 12H6M3.5 17H6',
  download: 'M12 4v10.5M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1',
  eye: 'M2.5 12C6 5.5 18 5.5 21.5 12 18 18.5 6 18.5 2.5 12M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0',
  whisper: 'M4 5h16v11H10l-4 4v-4H4zM8.5 10.5h.01M12 10.5h.01M15.5 10.5h.01',
  join: 'M14 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0M3.5 19.5c.4-4 3-5.5 7-5.5 2 0 3.7.4 4.9 1.4M18.5 14v7M15 17.5h7',
  leave: 'M13 4H5v16h8M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5',
} as const;

export type IconName = keyof typeof PATHS;

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
      stroke-width={name === 'dots' ? 3 : 1.8}
      stroke-linecap="round"
      stroke-linejoin="round"
      {...(label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label })}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

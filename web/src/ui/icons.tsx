/** Line icons on a 24 grid, drawn for this project. */
const PATHS = {
  alert: 'M12 8v5M12 16.5v.01M12 3 2.5 20h19z',
  back: 'M15 5l-7 7 7 7',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5a2.2 2.2 0 0 0 4 0',
  bellOff: 'M6 16.5V11a6 6 0 0 1 9.5-4.9M18 11v5.5l1.5 1.5H8M10 20.5a2.2 2.2 0 0 0 4 0M4 4l16 16',
  bolt: 'M13 3 5 13.5h6L10 21l8.5-11H12z',
  book: 'M12 6.5C9.5 4.5 6.5 4 3.5 4.5v13.5c3-.5 6 0 8.5 2M12 6.5c2.5-2 5.5-2.5 8.5-2v13.5c-3-.5-6 0-8.5 2M12 6.5V20',
  bot:
    'M5 9h14v10H5zM12 9V5.5M12 5.5v-.01M9.3 13.5v.01M14.7 13.5v.01M9.5 16.3h5M2.5 12.5v3M21.5 12.5v3',
  card: 'M3.5 6h17v12h-17zM6.5 9.5h5v5h-5zM14.5 10.5h3M14.5 13.5h3',
  chart: 'M4 4v16h16M8 16v-4M12.5 16V8M17 16v-6',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5 7 17l9.5-9.5M11.5 16l1 1L22 7.5',
  chevron: 'M6 9l6 6 6-6',
  clip: 'M19.5 11.5 12 19a5 5 0 0 1-7-7l8-8a3.3 3.3 0 0 1 4.7 4.7l-7.7 7.7a1.6 1.6 0 0 1-2.3-2.3l7-7',
  clock: 'M12 7v5.2l3 1.8M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dots: 'M5 12h.01M12 12h.01M19 12h.01',
  down: 'M12 5v14M6 13l6 6 6-6',
  download: 'M12 4v10.5M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15',
  edit: 'M4 20l1-4.5L16 4.5 19.5 8 8.5 19zM13.5 7 17 10.5',
  equal: 'M5 9.5h14M5 14.5h14',
  external: 'M14 4h6v6M20 4l-9 9M17 13.5V20H4V7h6.5',
  eye:
    'M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12M15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0',
  file: 'M6 3h8l4.5 4.5V21H6zM14 3v5h4.5M9 12.5h6M9 16h6',
  film: 'M4 5.5h16v13H4zM10.5 9.5v5l4-2.5z',
  filter: 'M3.5 5.5h17L14 13v5.5l-4 1.5v-7z',
  flag: 'M5 21V4M5 4.5h13l-2.5 4.5L18 13.5H5',
  globe:
    'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M3.5 9.5h17M3.5 14.5h17M12 3c-5 5-5 13 0 18 5-5 5-13 0-18',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  headset: 'M4 14v-2a8 8 0 0 1 16 0v2M4 13.5h3v6H5.5A1.5 1.5 0 0 1 4 18zM20 13.5h-3v6h-3.5M20 13.5V18a1.5 1.5 0 0 1-1.5 1.5H17',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15 9.5v.01',
  inbox: 'M3.5 13 6.5 5h11l3 8v6h-17zM3.5 13h5l1.5 2.5h4L15.5 13h5',
  info: 'M12 11v6M12 7.5v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  join: 'M14 8a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0M3.5 19.5c.4-4 3-5.5 7-5.5 2 0 3.7.4 4.9 1.4M18.5 14v7M15 17.5h7',
  key: 'M14.5 9.5a4.5 4.5 0 1 1-4.3-4.5 4.5 4.5 0 0 1 4.3 4.5M13 12.5l7.5 7.5M17.5 17l2-2',
  keyboard: 'M3 7h18v11H3zM6.5 10.5v.01M10 10.5v.01M14 10.5v.01M17.5 10.5v.01M7.5 14.5h9',
  leave: 'M13 4H5v16h8M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5',
  ledger: 'M6 3.5h12v17H6zM9.5 8h5M9.5 12h5M9.5 16h3M3.5 7H6M3.5 12H6M3.5 17H6',
  link: 'M9.5 14.5l5-5M11 7l2-2a4.2 4.2 0 0 1 6 6l-2 2M13 17l-2 2a4.2 4.2 0 0 1-6-6l2-2',
  list: 'M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5v.01M4.5 12v.01M4.5 17.5v.01',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  mail: 'M3.5 6h17v12h-17zM4 7l8 6 8-6',
  merge: 'M5 4v3c0 4 3 5 7 5h7M5 20v-3c0-4 3-5 7-5M15.5 8.5 19 12l-3.5 3.5',
  mic: 'M12 3.5a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0V6A2.5 2.5 0 0 1 12 3.5M6 11a6 6 0 0 0 12 0M12 17v3.5',
  minus: 'M5 12h14',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5',
  note: 'M5 4h14v10l-5 6H5zM14 20v-6h5M8.5 8.5h7M8.5 12h4',
  numbers:
    'M10 6.5h10M10 12h10M10 17.5h10M4 5l1.5-.8V9M3.8 14.2c.3-1.5 2.7-1.5 2.7.1 0 1.2-2.7 2-2.7 3.7h2.9',
  pause: 'M9 6v12M15 6v12',
  people:
    'M12.5 8.5a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0M2.5 19.5c.4-4 3-5.7 6.5-5.7s6.1 1.7 6.5 5.7M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.2c2.4.6 3.7 2.3 4 5.3',
  pin: 'M12 21c-4-4.5-6.5-8-6.5-11a6.5 6.5 0 0 1 13 0c0 3-2.5 6.5-6.5 11M14.5 10a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0',
  plus: 'M5 12h14M12 5v14',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  queue: 'M8 7.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M1.8 15c.3-2 1.6-3.2 3.7-3.2S8.9 13 9.2 15M12.5 7h9M12.5 12h9M12.5 17h6',
  quote: 'M6 17c2.5-1 3.5-3 3.5-6H5V6h4.5v5M15.5 17c2.5-1 3.5-3 3.5-6h-4.5V6H19v5',
  reopen: 'M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5',
  reply: 'M9 6 3.5 11.5 9 17M4 11.5h9c4 0 7 2 7.5 6.5',
  rows: 'M4 5h16v5.5H4zM4 13.5h16V19H4z',
  rowsDense: 'M4 6h16M4 10h16M4 14h16M4 18h16',
  search: 'M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0M15.3 15.3 20.5 20.5',
  send: 'M4 12 3.5 4.5 21 12 3.5 19.5zM4 12h8',
  shield: 'M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6zM8.5 12l2.5 2.5 4.5-5',
  sliders: 'M4 6h8M16 6h4M14 4v4M4 12h2M10 12h10M8 10v4M4 18h10M18 18h2M16 16v4',
  smile: 'M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M8.5 14.5c1.8 2.4 5.2 2.4 7 0M9 9.5v.01M15 9.5v.01',
  sort: 'M7 5v14M3.5 15.5 7 19l3.5-3.5M13 6.5h8M13 11.5h6M13 16.5h4',
  sound: 'M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  soundOff: 'M4 9.5h3.5L12 5.5v13l-4.5-4H4zM16 9.5l5 5M21 9.5l-5 5',
  star: 'M12 3.5l2.6 5.5 6 .8-4.4 4.2 1.1 6L12 17.1 6.7 20l1.1-6L3.4 9.8l6-.8z',
  swap: 'M4 8.5h14M14.5 5 18 8.5 14.5 12M20 15.5H6M9.5 12 6 15.5 9.5 19',
  table: 'M4 5h16v14H4zM4 10h16M4 14.5h16M12 10v9',
  tag: 'M4 4h8l8.5 8.5-8 8L4 12zM8 8v.01',
  ticket:
    'M3.5 7h17v3.5a1.5 1.5 0 0 0 0 3V17h-17v-3.5a1.5 1.5 0 0 0 0-3zM14 7.5v2M14 11v2M14 14.5v2',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 11v5.5M13.5 11v5.5',
  undo: 'M8.5 5 4 9.5 8.5 14M4.5 9.5H14a5.5 5.5 0 0 1 0 11h-3',
  up: 'M12 19V5M6 11l6-6 6 6',
  user: 'M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0M4.5 20.5c.5-4.5 3.5-6.5 7.5-6.5s7 2 7.5 6.5',
  whisper: 'M4 5h16v11H10l-4 4v-4H4zM8.5 10.5h.01M12 10.5h.01M15.5 10.5h.01',
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
      stroke-width={name === 'dots' || name === 'grip' ? 3 : 1.8}
      stroke-linecap="round"
      stroke-linejoin="round"
      {...(label === undefined ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': label })}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

import { signal } from '@preact/signals';
import { type ComponentType, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useShortcut } from './shortcuts';

export type Overlay =
  | 'palette'
  | 'shortcuts'
  | 'snooze'
  | 'bulk-transfer'
  | 'bulk-tags'
  | 'bulk-result'
  | 'ending';

/** Which dialog of the console itself is open. */
export const overlay = signal<Overlay | null>(null);
/** The conversations that it is about, if it is about any. */
export const subjects = signal<readonly string[]>([]);

export function openFor(dialog: Overlay, ids: readonly string[]): void {
  subjects.value = ids;
  overlay.value = dialog;
}

type Dialog = ComponentType<{ onClose(): void }>;

const LOADS: Record<Overlay, () => Promise<{ default: Dialog }>> = {
  palette: () => import('./palette'),
  shortcuts: () => import('./shortcut-sheet'),
  snooze: () => import('../list/snooze-dialog'),
  'bulk-transfer': () => import('../list/bulk-transfer'),
  'bulk-tags': () => import('../list/bulk-tags'),
  'bulk-result': () => import('../list/bulk-result'),
  ending: () => import('../list/ending-dialog'),
};

/** Fetched when they are first wanted. */
export function Overlays() {
  const wanted = overlay.value;
  const [loaded, setLoaded] = useState<Partial<Record<Overlay, Dialog>>>({});
  useShortcut('palette', () => void (overlay.value = 'palette'));
  useShortcut('sheet', () => void (overlay.value = 'shortcuts'));
  useEffect(() => {
    if (wanted === null || loaded[wanted]) return;
    LOADS[wanted]().then(
      ({ default: View }) => setLoaded((before) => ({ ...before, [wanted]: View })),
      () => (overlay.value = null),
    );
  }, [wanted]);
  const View = wanted && loaded[wanted];
  return View ? h(View, { key: wanted, onClose: () => (overlay.value = null) }) : null;
}

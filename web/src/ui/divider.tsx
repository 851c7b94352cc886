import { useRef } from 'preact/hooks';

interface DividerProps {
  label: string;
  /** Width of the pane that it changes, and whether that pane stands after it. */
  value: number;
  after?: boolean;
  limits: { readonly min: number; readonly usual: number; readonly max: number };
  onChange(value: number): void;
}

const STEP_PX = 16;

/** Changes the width of a pane: by dragging, by arrows; a double click gives it its usual one. */
export function Divider({ label, value, after = false, limits, onChange }: DividerProps) {
  const drag = useRef<{ x: number; value: number } | null>(null);
  const direction = (after ? -1 : 1) * (isRightToLeft() ? -1 : 1);
  const set = (wanted: number) =>
    onChange(Math.round(Math.min(limits.max, Math.max(limits.min, wanted))));
  return (
    <div
      class="divider"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={limits.min}
      aria-valuemax={limits.max}
      tabIndex={0}
      onDblClick={() => set(limits.usual)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, value };
      }}
      onPointerMove={({ clientX }) => {
        if (!drag.current) return;
        set(drag.current.value + (clientX - drag.current.x) * direction);
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
      onKeyDown={(event) => {
        const moves: Record<string, number> = {
          ArrowLeft: value - STEP_PX * direction,
          ArrowRight: value + STEP_PX * direction,
          Home: limits.min,
          End: limits.max,
        };
        if (!(event.key in moves) || event.altKey) return;
        event.preventDefault();
        set(moves[event.key]!);
      }}
    />
  );
}

function isRightToLeft(): boolean {
  return document.documentElement.dir === 'rtl';
}

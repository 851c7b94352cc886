import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface PopoverProps {
  label: string;
  className: string;
  button: ComponentChildren;
  align?: 'start' | 'end';
  /** Opens upwards, for buttons at the bottom. */
  up?: boolean;
  disabled?: boolean;
  /** Open from the beginning. */
  opened?: boolean;
  /** For who opens it by another way than a click. */
  buttonRef?: RefObject<HTMLButtonElement | null>;
  children(close: () => void): ComponentChildren;
}

/** A button and the panel it opens; Escape and a click elsewhere close it, the focus returns. */
export function Popover(props: PopoverProps) {
  const [open, setOpen] = useState(props.opened ?? false);
  const root = useRef<HTMLDivElement>(null);
  const own = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const button = props.buttonRef ?? own;
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  useLayoutEffect(() => {
    if (open && panel.current && !props.up && needsToRise(panel.current)) {
      panel.current.classList.add('is-up');
    }
    // Before it is painted: whoever sees it may type at once.
    if (open) root.current?.querySelector<HTMLElement>('.popover button, .popover a')?.focus();
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const onPointer = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    // Inside a frame a click outside of it arrives only as a loss of focus.
    const onBlur = () => setOpen(false);
    document.addEventListener('pointerdown', onPointer);
    window.addEventListener('blur', onBlur);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      window.removeEventListener('blur', onBlur);
    };
  }, [open]);

  return (
    <div
      class="popover-root"
      ref={root}
      onKeyDown={(event) => {
        if (!open) return;
        if (event.key === 'Escape') {
          event.preventDefault();
          event.stopPropagation();
          close();
        } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          event.preventDefault();
          step(root.current, event.key === 'ArrowDown' ? 1 : -1);
        }
      }}
    >
      <button
        ref={button}
        type="button"
        class={props.className}
        aria-label={props.label}
        title={props.label}
        aria-expanded={open}
        aria-haspopup="true"
        disabled={props.disabled ?? false}
        onClick={() => setOpen(!open)}
      >
        {props.button}
      </button>
      {open && (
        <div
          ref={panel}
          class={`popover ${props.align === 'end' ? 'is-end' : ''} ${props.up ? 'is-up' : ''}`}
        >
          {props.children(close)}
        </div>
      )}
    </div>
  );
}

/** It would be cut off below, and has room above. */
function needsToRise(panel: HTMLElement): boolean {
  const { bottom, height } = panel.getBoundingClientRect();
  const button = panel.parentElement!.getBoundingClientRect();
  let around: HTMLElement | null = panel.parentElement;
  while (around && getComputedStyle(around).overflowY === 'visible') around = around.parentElement;
  const area = (around ?? document.documentElement).getBoundingClientRect();
  return bottom > area.bottom && button.top - height > area.top;
}

function step(root: HTMLElement | null, by: number): void {
  const items = [...(root?.querySelectorAll<HTMLElement>('.popover button:not(:disabled)') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + by + items.length) % items.length]?.focus();
}

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface PopoverProps {
  label: string;
  className: string;
  button: ComponentChildren;
  align?: 'start' | 'end';
  /** Opens upwards, for buttons at the bottom. */
  up?: boolean;
  disabled?: boolean;
  children(close: () => void): ComponentChildren;
}

/** A button and the panel it opens; Escape and a click elsewhere close it, the focus returns. */
export function Popover(props: PopoverProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>('.popover button, .popover a')?.focus();
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
        <div class={`popover ${props.align === 'end' ? 'is-end' : ''} ${props.up ? 'is-up' : ''}`}>
          {props.children(close)}
        </div>
      )}
    </div>
  );
}

function step(root: HTMLElement | null, by: number): void {
  const items = [...(root?.querySelectorAll<HTMLElement>('.popover button:not(:disabled)') ?? [])];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + by + items.length) % items.length]?.focus();
}

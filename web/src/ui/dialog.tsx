import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { useTexts } from './context';
import { Icon } from './icons';

interface DialogProps {
  title: string;
  size?: 'small' | 'large';
  onClose(): void;
  /** The buttons at the end go into a `dialog-actions`, which stays in sight. */
  children: ComponentChildren;
}

const FIELDS = 'input:not([type=hidden]):not(:disabled), textarea, select';

/** A modal dialog: the page behind is inert, Escape closes it, the focus goes back where it was. */
export function Dialog({ title, size = 'small', onClose, children }: DialogProps) {
  const { t } = useTexts();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    body.current?.querySelector<HTMLElement>(FIELDS)?.focus();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={`dialog is-${size}`}
      role="dialog"
      aria-modal="true"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        // What lies behind is not to answer to its shortcuts.
        event.stopPropagation();
        if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-frame">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button type="button" class="icon-button" aria-label={t('close')} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body" ref={body}>
          {children}
        </div>
      </div>
    </dialog>
  );
}

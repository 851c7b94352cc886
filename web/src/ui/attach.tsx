import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { useTexts } from './context';
import { Icon } from './icons';

/** The files of a paste, a drop or a drag; a screenshot that was copied is one of them. */
export function filesOf(event: ClipboardEvent | DragEvent): File[] {
  const data = 'clipboardData' in event ? event.clipboardData : event.dataTransfer;
  return [...(data?.files ?? [])];
}

interface AttachButtonProps {
  onFiles(files: File[]): void;
  /** As of `<input accept>`; all types without it. */
  accept?: string;
  multiple?: boolean;
  disabled?: boolean;
  class?: string;
  label?: string;
  children?: ComponentChildren;
}

/** A button that opens the system's dialog for files. */
export function AttachButton(props: AttachButtonProps) {
  const { t } = useTexts();
  const input = useRef<HTMLInputElement>(null);
  const label = props.label ?? t('attach');
  return (
    <>
      <button
        type="button"
        class={props.class ?? 'icon-button'}
        aria-label={label}
        title={label}
        disabled={props.disabled ?? false}
        onClick={() => input.current?.click()}
      >
        {props.children ?? <Icon name="clip" size={20} />}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={props.accept}
        multiple={props.multiple ?? false}
        aria-label={label}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // So that choosing the same file again is a change, too.
          event.currentTarget.value = '';
          if (files.length > 0) props.onFiles(files);
        }}
      />
    </>
  );
}

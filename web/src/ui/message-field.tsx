import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';
import { MAX_TEXT_CHARS } from '../protocol/types';

interface MessageFieldProps {
  value: string;
  placeholder: string;
  label: string;
  maxHeight: number;
  disabled?: boolean;
  field?: RefObject<HTMLTextAreaElement | null>;
  onInput(value: string): void;
  onSubmit(): void;
}

/** Browsers that cannot do it themselves are measured for. */
const growsByItself = typeof CSS !== 'undefined' && CSS.supports('field-sizing:content');

/** A text field that grows with its text and sends on Enter. */
export function MessageField(props: MessageFieldProps) {
  const own = useRef<HTMLTextAreaElement>(null);
  const field = props.field ?? own;
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || growsByItself) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight, props.maxHeight)}px`;
    element.style.overflowY = element.scrollHeight > props.maxHeight ? 'auto' : 'hidden';
  }, [props.value, props.maxHeight]);
  return (
    <textarea
      ref={field}
      class="message-field"
      rows={1}
      maxLength={MAX_TEXT_CHARS}
      value={props.value}
      placeholder={props.placeholder}
      style={{ maxHeight: `${props.maxHeight}px` }}
      aria-label={props.label}
      disabled={props.disabled ?? false}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (!sends(event)) return;
        event.preventDefault();
        props.onSubmit();
      }}
    />
  );
}

/** Enter alone, and never the Enter that only confirms a word in an input method. */
export function sends(event: KeyboardEvent): boolean {
  const composing = event.isComposing || event.keyCode === 229;
  const modified = event.shiftKey || event.altKey || event.ctrlKey || event.metaKey;
  return event.key === 'Enter' && !composing && !modified;
}

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface ComboFieldProps<T extends string> {
  label: string;
  /** The list that the arrow keys move in; its options are `${listId}-${key}`. */
  listId: string;
  keys: readonly T[];
  active: T | null;
  value: string;
  field?: RefObject<HTMLInputElement | null>;
  onInput(value: string): void;
  onMove(key: T): void;
  /** Enter; without it the key keeps its meaning. */
  onPick?(): void;
}

/** A search field above a list: it takes the focus, and keeps it while the arrow keys choose. */
export function ComboField<T extends string>(props: ComboFieldProps<T>) {
  const { label, listId, keys, active } = props;
  const own = useRef<HTMLInputElement>(null);
  const field = props.field ?? own;
  useLayoutEffect(() => field.current?.focus(), []);
  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && props.onPick) {
      event.preventDefault();
      props.onPick();
      return;
    }
    const next = keyAt(event.key, keys, active);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    props.onMove(next);
    document.getElementById(optionId(listId, next))?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <input
      ref={field}
      class="input"
      type="search"
      role="combobox"
      list={undefined}
      autocomplete="off"
      aria-expanded={keys.length > 0}
      aria-controls={listId}
      aria-activedescendant={active === null ? undefined : optionId(listId, active)}
      aria-label={label}
      placeholder={label}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onKeyDown={onKey}
    />
  );
}

export function optionId(listId: string, key: string): string {
  return `${listId}-${key}`;
}

/** Where an arrow key leads, round at the ends; null for other keys. */
function keyAt<T extends string>(key: string, keys: readonly T[], active: T | null): T | null {
  const at = active === null ? -1 : keys.indexOf(active);
  const next = key === 'ArrowDown' ? at + 1 : key === 'ArrowUp' ? Math.max(at, 0) - 1 : null;
  if (next === null || keys.length === 0) return null;
  return keys[(next + keys.length) % keys.length]!;
}

import { signal } from '@preact/signals';
import { Icon } from '../../ui/icons';

const SHOWN_MS = 4_000;

const said = signal<{ id: number; text: string } | null>(null);
let id = 0;

/** Says briefly that something was done. */
export function announce(text: string): void {
  const mine = ++id;
  said.value = { id: mine, text };
  setTimeout(() => {
    if (said.peek()?.id === mine) said.value = null;
  }, SHOWN_MS);
}

/** Where it is shown and read out. */
export function Announcer() {
  return (
    <div class="announcer" role="status">
      {said.value && (
        <p key={said.value.id}>
          <Icon name="check" size={16} />
          {said.value.text}
        </p>
      )}
    </div>
  );
}

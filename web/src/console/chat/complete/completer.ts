import { computed, signal } from '@preact/signals';
import { type Begun, begunAt, type Kind } from './begun';

/** Something that can be put in place of what was begun. */
export interface Option {
  key: string;
  /** What is put there. */
  text: string;
  label: string;
  hint: string;
  /** A picture of it. */
  sign?: string;
}

/** What there is of each kind for what was typed. A kind without a source never begins. */
export type Sources = Partial<Record<Kind, (query: string) => readonly Option[]>>;

const SHOWN_MAX = 8;

/** What is offered while somebody writes in a field, and which of it the keys have chosen. */
export class Completer {
  readonly begun = signal<Begun | null>(null);
  readonly options = computed<readonly Option[]>(() => {
    const begun = this.begun.value;
    if (!begun) return [];
    return (this.sources.value[begun.kind]?.(begun.query) ?? []).slice(0, SHOWN_MAX);
  });
  readonly active = computed<Option | null>(() => {
    const options = this.options.value;
    return options.find(({ key }) => key === this.chosen.value) ?? options[0] ?? null;
  });
  readonly sources = signal<Sources>({});
  private readonly chosen = signal<string | null>(null);
  /** Where something began that is not wanted. */
  private dismissedAt: number | null = null;
  private readonly put: (from: number, to: number, text: string) => void;

  /** `put` changes the text between two places. */
  constructor(put: (from: number, to: number, text: string) => void) {
    this.put = put;
  }

  /** The text or the cursor is another one. */
  look(text: string, caret: number): void {
    const kinds = Object.keys(this.sources.peek()) as Kind[];
    const found = begunAt(text, caret, kinds);
    if (found?.from !== this.dismissedAt) this.dismissedAt = null;
    const next = this.dismissedAt === null ? found : null;
    const before = this.begun.peek();
    if (before?.from === next?.from && before?.query === next?.query) return;
    this.begun.value = next;
    this.chosen.value = null;
  }

  /** Whether the key was meant for what is offered. */
  key(event: Pick<KeyboardEvent, 'key' | 'isComposing' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>): boolean {
    const options = this.options.peek();
    const active = this.active.peek();
    const modified = event.shiftKey || event.ctrlKey || event.metaKey || event.altKey;
    if (!active || event.isComposing || modified) return false;
    const at = options.indexOf(active);
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp': {
        const next = at + (event.key === 'ArrowDown' ? 1 : -1) + options.length;
        this.chosen.value = options[next % options.length]!.key;
        return true;
      }
      case 'Enter':
      case 'Tab':
        this.pick(active);
        return true;
      case 'Escape':
        this.dismiss();
        return true;
      default:
        return false;
    }
  }

  choose({ key }: Option): void {
    this.chosen.value = key;
  }

  pick({ text }: Option): void {
    const begun = this.begun.peek();
    if (!begun) return;
    this.begun.value = null;
    this.put(begun.from, begun.to, text);
  }

  dismiss(): void {
    this.dismissedAt = this.begun.peek()?.from ?? null;
    this.begun.value = null;
  }
}

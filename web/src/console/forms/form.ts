import { computed, signal } from '@preact/signals';
import { ApiError } from '../../protocol/agent-api';
import { Conflict, differing, rebased } from './conflict';
import { same } from './same';

/** What is wrong, by the name of the field. */
export type Problems = Readonly<Record<string, string>>;

export interface FormOptions<T> {
  /** As the server has it, or as a new one begins. */
  value: T;
  /** Looked at when it is saved, and from then on with each change. */
  check?(value: T): Problems;
  /**
   * Resolves to the value as the server has it now; `base` is what it was before the changes. Throws a `Conflict` with
   * what others made of it, when the change was made for something else.
   */
  save(value: T, base: T): Promise<T>;
}

/** A value that is edited, beside what was saved last. What was typed outlives a save that fails. */
export class Form<T extends object> {
  readonly base;
  readonly value;
  readonly busy = signal(false);
  readonly failure = signal<unknown>(null);
  /** What others made of it meanwhile; until that is settled nothing is saved. */
  readonly conflict = signal<T | null>(null);
  readonly dirty = computed(() => !same(this.base.value, this.value.value));
  readonly problems = computed<Problems>(() =>
    this.tried.value ? (this.options.check?.(this.value.value) ?? {}) : {},
  );

  private readonly options: FormOptions<T>;
  private readonly tried = signal(false);

  constructor(options: FormOptions<T>) {
    this.options = options;
    this.base = signal(options.value);
    this.value = signal(options.value);
  }

  set(patch: Partial<T>): void {
    this.value.value = { ...this.value.peek(), ...patch };
    this.failure.value = null;
  }

  discard(): void {
    this.base.value = this.conflict.peek() ?? this.base.peek();
    this.value.value = this.base.peek();
    this.conflict.value = null;
    this.failure.value = null;
    this.tried.value = false;
  }

  /** The fields that others changed meanwhile, and whether they were changed here, too. */
  contested(): { field: string; both: boolean }[] {
    const theirs = this.conflict.value;
    if (!theirs) return [];
    const mine = differing(this.base.value, this.value.value);
    return differing(this.base.value, theirs).map((field) => ({ field, both: mine.includes(field) }));
  }

  /** Saves what was changed here upon what others made of it. */
  async keepMine(): Promise<boolean> {
    const theirs = this.conflict.peek();
    if (!theirs) return false;
    this.value.value = rebased(this.value.peek(), this.base.peek(), theirs);
    this.base.value = theirs;
    this.conflict.value = null;
    return this.dirty.peek() ? this.save() : true;
  }

  /** True when it was saved. */
  async save(): Promise<boolean> {
    if (this.busy.peek() || this.conflict.peek()) return false;
    this.tried.value = true;
    this.failure.value = null;
    if (Object.keys(this.problems.value).length > 0) return false;
    this.busy.value = true;
    const sent = this.value.peek();
    try {
      const saved = await this.options.save(sent, this.base.peek());
      this.base.value = saved;
      // What was typed while it was on its way is kept as the next change.
      if (this.value.peek() === sent) this.value.value = saved;
      this.tried.value = false;
      return true;
    } catch (error) {
      if (error instanceof Conflict) this.conflict.value = error.theirs as T;
      else this.failure.value = error;
      return false;
    } finally {
      this.busy.value = false;
    }
  }

  /** What is wrong with a field, by the page or by the server; parts of it count. */
  errorAt(...names: string[]): string | null {
    for (const name of names) {
      const problem = this.problems.value[name];
      if (problem !== undefined) return problem;
    }
    const { value: failure } = this.failure;
    const field = failedField(failure);
    return field !== null && names.some((name) => isPart(field, name))
      ? (failure as ApiError).message
      : null;
  }
}

/** The field that the server blames; settings are named with and without what they stand in. */
export function failedField(failure: unknown): string | null {
  if (!(failure instanceof ApiError) || failure.field === null) return null;
  return failure.field.replace(/^settings\./, '');
}

/** `hours.week` and `hours[0]` are parts of `hours`. */
export function isPart(field: string, name: string): boolean {
  return field === name || (field.startsWith(name) && /[.[]/.test(field[name.length] ?? ''));
}

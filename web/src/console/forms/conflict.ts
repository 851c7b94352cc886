import { ApiError } from '../../protocol/agent-api';
import { same } from './same';

/** What a save throws when somebody else changed the same thing meanwhile: `theirs` is how it is now. */
export class Conflict<T> extends Error {
  readonly theirs: T;

  constructor(theirs: T) {
    super('somebody else changed it meanwhile');
    this.theirs = theirs;
  }
}

/** Whether the server refused a change because it was made for an earlier version. */
export function isStale(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'conflict' && error.field === 'version';
}

type Fields = Record<string, unknown>;

/** Only settings have fields of their own. */
function partsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value && !Array.isArray(value) ? (value as Fields) : null;
}

/** The fields in which two values differ; those of settings one by one: `settings.hours`. */
export function differing(before: object, after: object, within = ''): string[] {
  const [one, other] = [before as Fields, after as Fields];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names
    .filter((name) => !same(one[name], other[name]))
    .flatMap((name) => {
      const [left, right] = [partsOf(one[name]), partsOf(other[name])];
      const isSettings = within === '' && name === 'settings' && left && right;
      return isSettings ? differing(left, right, 'settings.') : [within + name];
    });
}

/** `theirs` with all that was changed here since `base`. */
export function rebased<T extends object>(mine: T, base: T, theirs: T): T {
  const next: Fields = { ...(theirs as Fields) };
  const settings: Fields = { ...partsOf(next['settings']) };
  for (const field of differing(base, mine)) {
    const [, name] = field.split('settings.');
    if (name === undefined) next[field] = (mine as Fields)[field];
    else settings[name] = partsOf((mine as Fields)['settings'])?.[name];
  }
  if ('settings' in next) {
    next['settings'] = Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined),
    );
  }
  return next as T;
}

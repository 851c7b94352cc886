import { signal } from '@preact/signals';
import type { AgentApi } from '../protocol/agent-api';
import type { Inbox, Page, Tag, WrapUp } from '../protocol/types';

/** How long somebody may wait in an inbox, in milliseconds; null where nothing is promised. */
export interface Targets {
  waiting_ms: number | null;
  first_response_ms: number | null;
}

const NO_TARGETS: Targets = { waiting_ms: null, first_response_ms: null };

/** Names that are everywhere: inboxes and tags by their ids. */
export class Directory {
  readonly inboxes = signal<ReadonlyMap<string, Inbox>>(new Map());
  readonly tags = signal<ReadonlyMap<string, Tag>>(new Map());
  /** Over once it is known what the inboxes want, or that they cannot be had; null when nothing is on its way. */
  loading: Promise<void> | null = null;
  private readonly api: AgentApi;
  private targets = new Map<string, Targets>();
  private wrapUps = new Map<string, WrapUp>();

  constructor(api: AgentApi) {
    this.api = api;
  }

  async load(): Promise<void> {
    const inboxes = this.api.get<Page<Inbox>>('inboxes', { limit: 500 }).then(({ items }) => {
      this.targets = new Map(items.map(({ id, settings }) => [id, targetsOf(settings)]));
      this.wrapUps = new Map(items.map(({ id, settings }) => [id, wrapUpOf(settings)]));
      this.inboxes.value = byId(items);
    });
    const done = () => void (this.loading = null);
    this.loading = inboxes.then(done, done);
    await Promise.allSettled([
      inboxes,
      this.api.get<Page<Tag>>('tags', { limit: 500 }).then(({ items }) => {
        this.tags.value = byId(items);
      }),
    ]);
  }

  targetsOf(inbox: string): Targets {
    void this.inboxes.value;
    return this.targets.get(inbox) ?? NO_TARGETS;
  }

  /** What an inbox wants to know of conversations that end; null where nothing is asked. */
  wrapUpOf(inbox: string): WrapUp | null {
    const wrapUp = this.wrapUps.get(inbox);
    return wrapUp && (wrapUp.required || wrapUp.categories.length > 0) ? wrapUp : null;
  }
}

function wrapUpOf(settings: Record<string, unknown>): WrapUp {
  return { required: false, categories: [], ...(settings['wrap_up'] as Partial<WrapUp> | undefined) };
}

function byId<T extends { id: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((each) => [each.id, each]));
}

function targetsOf(settings: Record<string, unknown>): Targets {
  const milliseconds = (name: string) => {
    const seconds = settings[name];
    return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null;
  };
  return {
    waiting_ms: milliseconds('waiting_target_s'),
    first_response_ms: milliseconds('first_response_target_s'),
  };
}

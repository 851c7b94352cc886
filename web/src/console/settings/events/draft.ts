import type { Deed, Subscription, SubscriptionAction, SubscriptionKind } from './shapes';

/** A subscription while it is edited: fields of all kinds beside each other, so that nothing is lost by trying another. */
export interface SubscriptionDraft {
  name: string;
  is_enabled: boolean;
  topics: string[];
  inboxes: string[];
  kind: SubscriptionKind;
  url: string;
  /** One on each line. */
  headers: string;
  topic: string;
  deed: Deed;
  agent: string;
  team: string;
  tags: string[];
  subject: string;
  text: string;
}

export function draftOf(subscription: Subscription | null): SubscriptionDraft {
  const action = subscription?.action;
  return {
    name: subscription?.name ?? '',
    is_enabled: subscription?.is_enabled ?? true,
    topics: subscription?.topics ?? [],
    inboxes: subscription?.inboxes ?? [],
    kind: subscription?.kind ?? 'webhook',
    url: subscription?.url ?? '',
    headers: linesOf(subscription?.headers ?? {}),
    topic: subscription?.topic ?? '',
    deed: action?.do ?? 'assign',
    agent: action?.do === 'assign' ? (action.agent_id ?? '') : '',
    team: action?.do === 'assign' ? (action.team_id ?? '') : '',
    tags: action?.do === 'tag' ? action.tags : [],
    subject: action?.do === 'ticket' ? action.subject : '',
    text: action?.do === 'reply' ? action.text : '',
  };
}

/** What is sent of a draft: of its kind alone. */
export function bodyOf(draft: SubscriptionDraft): Record<string, unknown> {
  const { name, is_enabled, topics, inboxes, kind } = draft;
  return {
    name: name.trim(),
    is_enabled,
    topics,
    inboxes,
    ...(kind === 'webhook' && { url: draft.url.trim(), headers: headersOf(draft.headers) }),
    ...(kind === 'topic' && { topic: draft.topic.trim() }),
    ...(kind === 'action' && { action: actionOf(draft) }),
  };
}

export function actionOf({ deed, agent, team, tags, subject, text }: SubscriptionDraft): SubscriptionAction {
  switch (deed) {
    case 'assign':
      return {
        do: 'assign',
        ...(agent !== '' && { agent_id: agent }),
        ...(team !== '' && { team_id: team }),
      };
    case 'tag':
      return { do: 'tag', tags };
    case 'ticket':
      return { do: 'ticket', subject: subject.trim() };
    case 'reply':
      return { do: 'reply', text: text.trim() };
  }
}

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

/** The line, counted from 1, that is no header; null when all of them are. */
export function wrongHeader(text: string): number | null {
  const wrong = text.split('\n').findIndex((line) => line.trim() !== '' && !HEADER.test(line));
  return wrong < 0 ? null : wrong + 1;
}

export function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name !== undefined) headers[name] = value ?? '';
  }
  return headers;
}

function linesOf(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

import { ApiError } from '../../protocol/api';
import type { Conversation, FoundArticle, Page } from '../../protocol/types';
import type { Widget } from '../model';

const FOUND_MAX = 5;

export async function rate(widget: Widget, score: number, comment: string): Promise<void> {
  const { id, conversation } = widget.line.shared;
  if (!id.value) return;
  const body = comment === '' ? { score } : { score, comment };
  conversation.value = await widget.api.post<Conversation>(`conversations/${id.value}/rating`, body);
  widget.event('rated', score);
}

/** Leaves the queue, or ends the conversation; the next message takes it up again. */
export async function end({ api, line }: Widget): Promise<void> {
  const { id, conversation } = line.shared;
  if (!id.value) return;
  conversation.value = await api.post<Conversation>(`conversations/${id.value}/end`);
}

export async function conversations({ api }: Widget): Promise<readonly Conversation[]> {
  if (!api.token) return [];
  return (await api.get<Page<Conversation>>('conversations', { limit: 50 })).items;
}

/** What is found for some words; without words the top articles, in another language if there are none in this. */
export async function search(
  widget: Widget,
  q: string | undefined,
  language: string | undefined,
): Promise<readonly FoundArticle[]> {
  const query = { inbox: widget.inbox, q, language };
  const { items } = await widget.api.get<Page<FoundArticle>>('widget/articles', query);
  if (items.length === 0 && !q && language) return search(widget, q, undefined);
  return items.slice(0, FOUND_MAX);
}

/** The conversation as a text file. */
export async function transcript({ api, line }: Widget): Promise<Blob> {
  const url = new URL(`conversations/${line.shared.id.value}/transcript`, api.root);
  url.searchParams.set('tz', Intl.DateTimeFormat().resolvedOptions().timeZone);
  const headers = { authorization: `Bearer ${api.token}` };
  const answer = await fetch(url, { headers, credentials: 'omit' });
  if (!answer.ok) throw new ApiError(answer.status, 'unavailable', 'no transcript');
  return answer.blob();
}

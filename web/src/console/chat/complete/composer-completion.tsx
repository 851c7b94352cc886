import { useEffect } from 'preact/hooks';
import type { Conversation } from '../../../protocol/types';
import { useAgents } from '../../colleagues';
import { useConsole, useDesk } from '../../context';
import type { Chat } from '../chat';
import { STATUS_TEXTS } from '../ranks';
import { Completion } from './completion';
import { emojiOptions } from './emoji';
import { callable, mentionOptions } from './mentions';
import { valueOptions } from './variables';

interface ComposerCompletionProps {
  chat: Chat;
  conversation: Conversation;
  note: boolean;
  close(): void;
}

/** Emoji and variables for every text, colleagues for notes: fetched when one of their signs is typed first. */
export default function ComposerCompletion({ chat, conversation, note }: ComposerCompletionProps) {
  const desk = useDesk();
  const { t, locale } = useConsole().i18n;
  const { completer, field, people } = chat.writing;
  const agents = useAgents();
  const me = desk.me.value;
  const visitor = chat.visitor.value;
  const language = locale.value;

  useEffect(() => {
    const called = callable(agents, conversation, me.id);
    people.value = called;
    const fillings = { agent: me, conversation, visitor: typeof visitor === 'string' ? null : visitor };
    completer.sources.value = {
      ...(note && {
        mention: (query) => mentionOptions(called, query, ({ status }) => t(STATUS_TEXTS[status])),
      }),
      emoji: (query) => emojiOptions(query, language),
      variable: (query) => valueOptions(fillings, query),
    };
    // What was typed while this was on its way.
    const element = field.current;
    if (element && document.activeElement === element) {
      completer.look(element.value, element.selectionStart);
    }
  }, [agents, conversation, me, visitor, language, note]);

  return <Completion completer={completer} field={field} />;
}

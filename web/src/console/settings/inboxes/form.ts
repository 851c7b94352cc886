import type { Catalogue, I18n } from '../../../i18n';
import type { texts as forms } from '../../../i18n/forms';
import type { texts } from '../../../i18n/inboxes';
import type { Form, Problems } from '../../forms/form';
import type { Bot, InboxSettings } from '../shapes';
import { isWord } from './bot-rules';
import type { InboxDraft } from './draft';
import { spansProblem, specialProblems } from './hours';
import { ORIGINS_MAX, wrongOrigins } from './origins';

type Texts<C> = C extends Catalogue<infer K> ? I18n<K>['t'] : never;
export type InboxForm = Form<InboxDraft>;

const GREETING_MAX = 1_000;
const REPLY_MAX = 2_000;
const RULES_MAX = 200;
const KEYWORDS_MAX = 20;
const SECONDS_MAX = 30 * 86_400;
export const QUESTIONS_MAX = 4;
const CATEGORIES_MAX = 200;
const CATEGORY_MAX = 100;

/** Changes settings; what becomes undefined is left out. */
export function changeSettings(form: InboxForm, patch: Partial<Undefined<InboxSettings>>): void {
  const settings: Record<string, unknown> = { ...form.value.peek().settings, ...patch };
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) delete settings[name];
  }
  form.set({ settings: settings as InboxSettings });
}

export type Undefined<T> = { [K in keyof T]: T[K] | undefined };

/** What the server would refuse, said before it is asked. */
export function inboxProblems(
  draft: InboxDraft,
  isNew: boolean,
  t: Texts<typeof texts>,
  say: Texts<typeof forms>,
): Problems {
  const problems: Record<string, string> = {};
  const { settings } = draft;
  if (draft.name.trim() === '') problems['name'] = say('required');
  if (isNew && !/^[a-z0-9-]{1,40}$/.test(draft.key)) problems['key'] = t('keyWrong');
  if ([...draft.greeting].length > GREETING_MAX) {
    problems['greeting'] = say('tooLong', { n: GREETING_MAX });
  }
  const wrong = wrongOrigins(draft.origins);
  if (wrong.length > 0) problems['origins'] = t('originsWrong', { origins: wrong.join(', ') });
  else if (draft.origins.length > ORIGINS_MAX)
    problems['origins'] = say('tooMany', { n: ORIGINS_MAX });
  for (const name of [
    'waiting_target_s',
    'first_response_target_s',
    'idle_warn_s',
    'idle_close_s',
  ] as const) {
    if ((settings[name] ?? 0) > SECONDS_MAX) problems[name] = t('thirtyDays');
  }
  const { idle_warn_s: warn, idle_close_s: close } = settings;
  if (warn !== undefined && (close === undefined || warn >= close)) {
    problems['idle_warn_s'] = t('warnWrong');
  }
  if (settings.hours) {
    const wrongDay = Object.values(settings.hours.week).some(
      (spans) => spansProblem(spans) !== null,
    );
    if (wrongDay || specialProblems(settings.hours.special_days).some((each) => each !== null)) {
      problems['hours'] = t('hoursWrong');
    }
  }
  for (const [name, days] of Object.entries(settings.retention ?? {})) {
    if (days < 1 || days > 36_500) {
      problems[`retention.${name}`] = say('range', { from: 1, to: 36_500 });
    }
  }
  const questions = settings.widget?.pre_chat ?? [];
  const isWrong = ({ label, type, options = [] }: (typeof questions)[number]) =>
    label.trim() === '' || (type === 'select' && options.length < 2);
  if (questions.some(isWrong)) problems['widget.pre_chat'] = t('questionWrong');
  const categories = settings.wrap_up?.categories ?? [];
  if (categories.length > CATEGORIES_MAX) {
    problems['wrap_up.categories'] = say('tooMany', { n: CATEGORIES_MAX });
  } else if (categories.some((each) => [...each].length > CATEGORY_MAX)) {
    problems['wrap_up.categories'] = say('tooLong', { n: CATEGORY_MAX });
  } else if (new Set(categories).size < categories.length) {
    problems['wrap_up.categories'] = t('wrapUpTwice');
  }
  return settings.bot ? { ...problems, ...botProblems(settings.bot, t, say) } : problems;
}

function botProblems(bot: Bot, t: Texts<typeof texts>, say: Texts<typeof forms>): Problems {
  const problems: Record<string, string> = {};
  if (!isWord(bot.name)) problems['bot.name'] = t('wordWrong');
  for (const name of ['greeting', 'fallback'] as const) {
    if ([...(bot[name] ?? '')].length > REPLY_MAX) {
      problems[`bot.${name}`] = say('tooLong', { n: REPLY_MAX });
    }
  }
  const rules = bot.rules ?? [];
  const wrong = rules.findIndex(
    ({ keywords, reply }) =>
      keywords.length === 0 ||
      keywords.length > KEYWORDS_MAX ||
      !keywords.every(isWord) ||
      reply.trim() === '' ||
      [...reply].length > REPLY_MAX,
  );
  if (wrong !== -1) problems['bot.rules'] = t('ruleWrong', { n: wrong + 1 });
  else if (rules.length > RULES_MAX) problems['bot.rules'] = say('tooMany', { n: RULES_MAX });
  const words = bot.handover_words ?? [];
  if (words.length > 50 || !words.every(isWord)) problems['bot.handover_words'] = t('wordsWrong');
  const after = bot.handover_after ?? 1;
  if (after < 1 || after > 10) problems['bot.handover_after'] = say('range', { from: 1, to: 10 });
  const timeout = bot.timeout_ms ?? 2_000;
  if (timeout < 100 || timeout > 30_000) {
    problems['bot.timeout_ms'] = say('range', { from: 100, to: 30_000 });
  }
  return problems;
}

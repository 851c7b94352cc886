import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/inboxes';
import { Icon } from '../../../ui/icons';
import { useTextsOf } from '../../context';
import {
  Check,
  LinesInput,
  NumberInput,
  TextArea,
  TextInput,
  WordsInput,
} from '../../forms/inputs';
import { Part } from '../section';
import type { Bot, BotRule } from '../shapes';
import { answerTo } from './bot-rules';
import { changeSettings, type InboxForm } from './form';

export function BotTab({ form }: { form: InboxForm }) {
  const { t } = useTextsOf(texts);
  const { bot } = form.value.value.settings;
  const set = (next: Bot) => changeSettings(form, { bot: next });
  const isOff = bot?.enabled === false;
  const change = (patch: Partial<Bot>) => bot && set({ ...bot, ...patch });
  return (
    <>
      <Part title={t('partBot')} lead={t('partBotLead')}>
        <Check
          label={t('botOn')}
          hint={isOff ? t('botOffHint') : t('botOnHint')}
          checked={bot !== undefined && !isOff}
          onChange={(enabled) =>
            set({ ...(bot ?? { name: t('botNameExample'), articles: true }), enabled })
          }
        />
        {bot && (
          <>
            <TextInput
              label={t('botName')}
              hint={t('botNameHint')}
              value={bot.name}
              error={form.errorAt('bot.name')}
              max={60}
              onInput={(name) => change({ name })}
            />
            <TextArea
              label={t('botGreeting')}
              hint={t('botGreetingHint')}
              value={bot.greeting ?? ''}
              error={form.errorAt('bot.greeting')}
              onInput={(greeting) => change({ greeting })}
            />
          </>
        )}
      </Part>
      {bot && (
        <>
          <Rules
            rules={bot.rules ?? []}
            error={form.errorAt('bot.rules')}
            set={(rules) => change({ rules })}
          />
          <Part title={t('partHandover')}>
            <Check
              label={t('botArticles')}
              hint={t('botArticlesHint')}
              checked={bot.articles ?? false}
              onChange={(articles) => change({ articles })}
            />
            <NumberInput
              label={t('handoverAfter')}
              hint={t('handoverAfterHint')}
              value={bot.handover_after ?? 1}
              error={form.errorAt('bot.handover_after')}
              suffix={t('messages')}
              onInput={(handover_after) => change({ handover_after: handover_after ?? 1 })}
            />
            <TextArea
              label={t('fallback')}
              hint={t('fallbackHint')}
              value={bot.fallback ?? ''}
              error={form.errorAt('bot.fallback')}
              onInput={(fallback) => change({ fallback })}
            />
            <LinesInput
              label={t('handoverWords')}
              hint={t('handoverWordsHint')}
              value={bot.handover_words ?? []}
              error={form.errorAt('bot.handover_words')}
              onInput={(handover_words) => change({ handover_words })}
            />
            <NumberInput
              label={t('timeout')}
              hint={t('timeoutHint')}
              value={bot.timeout_ms ?? 2_000}
              error={form.errorAt('bot.timeout_ms')}
              suffix={t('milliseconds')}
              onInput={(timeout_ms) => change({ timeout_ms: timeout_ms ?? 2_000 })}
            />
          </Part>
          <TryIt bot={bot} />
        </>
      )}
    </>
  );
}

interface RulesProps {
  rules: readonly BotRule[];
  error: string | null;
  set(rules: BotRule[]): void;
}

function Rules({ rules, error, set }: RulesProps) {
  const { t } = useTextsOf(texts);
  const replace = (index: number, rule: BotRule) =>
    set(rules.map((each, at) => (at === index ? rule : each)));
  const move = (index: number, by: number) => {
    const next = [...rules];
    next.splice(index + by, 0, ...next.splice(index, 1));
    set(next);
  };
  return (
    <Part title={t('partRules')} lead={t('partRulesLead')}>
      <ol class="form-cards">
        {rules.map((rule, index) => (
          <li key={index} class="form-card">
            <div class="form-card-head">
              <h4>{t('rule', { n: index + 1 })}</h4>
              <button
                type="button"
                class="icon-button is-small"
                aria-label={t('ruleUp', { n: index + 1 })}
                title={t('up')}
                disabled={index === 0}
                onClick={() => move(index, -1)}
              >
                <Icon name="up" size={16} />
              </button>
              <button
                type="button"
                class="icon-button is-small"
                aria-label={t('ruleDown', { n: index + 1 })}
                title={t('down')}
                disabled={index === rules.length - 1}
                onClick={() => move(index, 1)}
              >
                <Icon name="down" size={16} />
              </button>
              <button
                type="button"
                class="icon-button is-small"
                aria-label={t('ruleRemove', { n: index + 1 })}
                title={t('remove')}
                onClick={() => set(rules.filter((_, at) => at !== index))}
              >
                <Icon name="trash" size={16} />
              </button>
            </div>
            <WordsInput
              label={t('keywords')}
              hint={t('keywordsHint')}
              value={rule.keywords}
              onInput={(keywords) => replace(index, { ...rule, keywords })}
            />
            <Check
              label={t('exact')}
              checked={rule.exact ?? false}
              onChange={(exact) => replace(index, { ...rule, exact })}
            />
            <TextArea
              label={t('answer')}
              value={rule.reply}
              onInput={(reply) => replace(index, { ...rule, reply })}
            />
          </li>
        ))}
      </ol>
      {error !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {error}
        </p>
      )}
      <button
        type="button"
        class="button"
        onClick={() => set([...rules, { keywords: [], exact: false, reply: '' }])}
      >
        <Icon name="plus" size={16} />
        {t('ruleAdd')}
      </button>
    </Part>
  );
}

/** What the rules would answer, without saving them. */
function TryIt({ bot }: { bot: Bot }) {
  const { t } = useTextsOf(texts);
  const [text, setText] = useState('');
  const answer = answerTo(bot, text);
  return (
    <Part title={t('partTry')} lead={t('partTryLead')}>
      <TextInput
        label={t('tryMessage')}
        placeholder={t('tryExample')}
        value={text}
        onInput={setText}
      />
      <div class="try-it" role="status">
        {text.trim() !== '' && answer.kind === 'person' && (
          <p>
            <Icon name="user" size={16} />
            {t('tryPerson', { word: answer.word })}
          </p>
        )}
        {text.trim() !== '' && answer.kind === 'rule' && (
          <>
            <p>
              <Icon name="check" size={16} />
              {t('tryRule', { n: answer.index + 1 })}
            </p>
            <blockquote>{answer.reply}</blockquote>
          </>
        )}
        {text.trim() !== '' && answer.kind === 'none' && (
          <p>
            <Icon name="info" size={16} />
            {t(bot.articles ? 'tryArticles' : 'tryNone')}
          </p>
        )}
      </div>
    </Part>
  );
}

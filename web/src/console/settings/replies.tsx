import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/settings';
import { Field } from '../../ui/field';
import { Completer } from '../chat/complete/completer';
import { Completion } from '../chat/complete/completion';
import { variableOptions } from '../chat/complete/variables';
import { useDesk, useTextsOf } from '../context';
import { Form, type Problems } from '../forms/form';
import { FormView } from '../forms/form-view';
import { Choices, TextInput } from '../forms/inputs';
import { may } from '../pages';
import { pageHref } from '../router';
import { type List, useList } from './lists';
import { ListEditor, Part, RemoveButton } from './section';
import type { CannedReply } from './shapes';
import { parseTemplate, type Template, TEXT_MAX, VARIABLES } from './template';

export default function Replies() {
  const { t } = useTextsOf(texts);
  const replies = useList<CannedReply>('canned-replies');
  return (
    <ListEditor
      name="replies"
      title={t('replies')}
      lead={t('repliesLead')}
      load={replies}
      textOf={({ title, shortcut, folder, text }) => `${title} ${shortcut} ${folder} ${text}`}
      groupOf={({ folder, shared }) => folder || t(shared ? 'repliesShared' : 'repliesOwn')}
      row={({ title, shortcut, shared, uses }) => (
        <>
          <strong>{title}</strong>
          <span class="hint">
            /{shortcut} · {t(shared ? 'replyShared' : 'replyOwn')} · {t('replyUses', { n: uses })}
          </span>
        </>
      )}
      add={t('add')}
      empty={t('repliesEmpty')}
      editor={(reply) => <ReplyEditor reply={reply} replies={replies} />}
    />
  );
}

type ReplyDraft = Pick<CannedReply, 'shared' | 'folder' | 'shortcut' | 'title' | 'text'>;

interface ReplyEditorProps {
  reply: CannedReply | null;
  replies: List<CannedReply>;
}

function ReplyEditor({ reply, replies }: ReplyEditorProps) {
  const { api, me } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const mayShare = may(me.value, 'shared');
  const id = reply?.id ?? 'new';
  const form = useMemo(
    () =>
      new Form<ReplyDraft>({
        value: {
          shared: reply?.shared ?? mayShare,
          folder: reply?.folder ?? '',
          shortcut: reply?.shortcut ?? '',
          title: reply?.title ?? '',
          text: reply?.text ?? '',
        },
        check: ({ shortcut, title, text }): Problems => {
          const template = parseTemplate(text);
          const wrong = 'problem' in template ? t(`template_${template.problem}`) : null;
          const long = [...text].length > TEXT_MAX ? say('tooLong', { n: TEXT_MAX }) : null;
          const blank = text.trim() === '' ? say('required') : null;
          const textProblem = blank ?? long ?? wrong;
          return {
            ...(title.trim() === '' ? { title: say('required') } : {}),
            ...(/^[\p{L}\p{N}_.-]{1,40}$/u.test(shortcut) ? {} : { shortcut: t('shortcutWrong') }),
            ...(textProblem === null ? {} : { text: textProblem }),
          };
        },
        save: async ({ shared, ...draft }) => {
          const saved = reply
            ? await api.patch<CannedReply>(`canned-replies/${reply.id}`, draft)
            : await api.post<CannedReply>('canned-replies', { ...draft, shared });
          replies.put(saved);
          if (!reply) location.hash = pageHref('settings', ['replies', saved.id]);
          const { folder, shortcut, title, text } = saved;
          return { shared, folder, shortcut, title, text };
        },
      }),
    [id],
  );
  const draft = form.value.value;
  const folders = [...new Set(replies.now().map(({ folder }) => folder))].filter(
    (folder) => folder !== '',
  );
  if (reply?.shared && !mayShare) return <SharedReply reply={reply} />;
  return (
    <>
      <h2 class="settings-editor-title">{reply ? draft.title || reply.title : t('replyNew')}</h2>
      <FormView form={form} scope={pageHref('settings', ['replies', id])} creates={reply === null}>
        <Part title={t('partReply')}>
          {!reply && mayShare && (
            <Choices
              label={t('replyFor')}
              value={draft.shared ? 'all' : 'me'}
              options={[
                { value: 'all', label: t('replyForAll') },
                { value: 'me', label: t('replyForMe') },
              ]}
              onChange={(value) => form.set({ shared: value === 'all' })}
            />
          )}
          <TextInput
            label={t('replyTitle')}
            value={draft.title}
            error={form.errorAt('title')}
            max={200}
            onInput={(title) => form.set({ title })}
          />
          <TextInput
            label={t('shortcut')}
            hint={t('shortcutHint')}
            value={draft.shortcut}
            error={form.errorAt('shortcut')}
            mono
            max={40}
            onInput={(shortcut) => form.set({ shortcut })}
          />
          <TextInput
            label={t('folder')}
            hint={t('folderHint')}
            value={draft.folder}
            error={form.errorAt('folder')}
            list={folders}
            max={200}
            onInput={(folder) => form.set({ folder })}
          />
          <ReplyText
            value={draft.text}
            error={form.errorAt('text')}
            set={(text) => form.set({ text })}
          />
        </Part>
        {reply && (
          <div class="settings-editor-end">
            <RemoveButton
              label={t('replyRemove')}
              title={t('replyRemoveTitle', { name: reply.title })}
              text={t(reply.shared ? 'replyRemoveShared' : 'replyRemoveOwn')}
              run={async () => {
                await api.delete(`canned-replies/${reply.id}`);
                form.discard();
                location.hash = pageHref('settings', ['replies']);
                replies.drop(reply.id);
              }}
            />
          </div>
        )}
      </FormView>
    </>
  );
}

/** For those who may use it and not change it. */
function SharedReply({ reply }: { reply: CannedReply }) {
  const { t } = useTextsOf(texts);
  return (
    <>
      <h2 class="settings-editor-title">{reply.title}</h2>
      <Part title={t('partReply')} lead={t('replyReadOnly')}>
        <TemplatePreview template={parseTemplate(reply.text)} />
      </Part>
    </>
  );
}

interface ReplyTextProps {
  value: string;
  error: string | null;
  set(text: string): void;
}

/** The text, a palette of what can be filled in, and what it will look like. */
function ReplyText({ value, error, set }: ReplyTextProps) {
  const { t } = useTextsOf(texts);
  const area = useRef<HTMLTextAreaElement>(null);
  const insert = (variable: string) => {
    const element = area.current;
    if (!element) return;
    const isAttribute = variable.endsWith('.');
    const text = isAttribute ? `{{${variable}${t('attributeExample')}}}` : `{{${variable}}}`;
    const { selectionStart: from, selectionEnd: to } = element;
    element.setRangeText(text, from, to, 'end');
    if (isAttribute) element.setSelectionRange(from + 2 + variable.length, from + text.length - 2);
    set(element.value);
    element.focus();
  };
  const nameOf = (variable: string) => t(`variable_${variable.replaceAll('.', '_') as VariableKey}`);
  const newest = useRef(set);
  newest.current = set;
  const completer = useMemo(
    () =>
      new Completer((from, to, text) => {
        const element = area.current;
        if (!element) return;
        element.setRangeText(text, from, to, 'end');
        newest.current(element.value);
      }),
    [],
  );
  useLayoutEffect(() => {
    completer.sources.value = { variable: (query) => variableOptions(VARIABLES, query, nameOf) };
  }, [t]);
  return (
    <>
      <Field label={t('replyText')} hint={t('replyTextHint')} error={error}>
        {(ties) => (
          <div class="completing">
            <Completion completer={completer} field={area} />
            <textarea
              {...ties}
              ref={area}
              class="input"
              rows={6}
              value={value}
              onInput={({ currentTarget }) => {
                set(currentTarget.value);
                completer.look(currentTarget.value, currentTarget.selectionStart);
              }}
              onKeyDown={(event) => {
                if (!completer.key(event)) return;
                event.preventDefault();
                event.stopPropagation();
              }}
            />
          </div>
        )}
      </Field>
      <div class="reply-variables" role="group" aria-label={t('variables')}>
        {VARIABLES.map((variable) => (
          <button
            key={variable}
            type="button"
            class="button is-small"
            title={`{{${variable}}}`}
            onClick={() => insert(variable)}
          >
            {nameOf(variable)}
          </button>
        ))}
      </div>
      <TemplatePreview template={parseTemplate(value)} />
    </>
  );
}

type VariableKey =
  'visitor_name' | 'agent_name' | 'inbox_name' | 'conversation_id' | 'visitor_attributes_';

function TemplatePreview({ template }: { template: Template }) {
  const { t } = useTextsOf(texts);
  const me = useDesk().me.value;
  const examples: Record<string, string> = {
    'visitor.name': t('exampleVisitor'),
    'agent.name': me.name,
    'inbox.name': t('exampleInbox'),
    'conversation.id': '0192f3c4',
  };
  return (
    <div class="reply-preview">
      <h4>{t('replyPreview')}</h4>
      {'problem' in template ? (
        <p class="hint">{t(`template_${template.problem}`)}</p>
      ) : (
        <p class="reply-bubble">
          {template.parts.map((part, index) =>
            'text' in part ? (
              part.text
            ) : (
              <mark key={index} title={part.variable}>
                {examples[part.variable] ?? (part.fallback || part.variable.split('.').pop())}
              </mark>
            ),
          )}
        </p>
      )}
    </div>
  );
}

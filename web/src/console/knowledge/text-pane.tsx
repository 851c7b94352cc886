import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { texts } from '../../i18n/knowledge';
import { Field } from '../../ui/field';
import { Icon } from '../../ui/icons';
import { useTextsOf } from '../context';
import { TextInput } from '../forms/inputs';
import type { ArticleEditor } from './article-editor';
import { BODY_MAX, TITLE_MAX } from './draft';
import { type Command, edit } from './editing';
import { Markdown } from './markdown/view';
import type { Language } from './shapes';

/** The text in one language, and what it will look like. */
export function TextPane({ editor, language }: { editor: ArticleEditor; language: Language }) {
  const { t } = useTextsOf(texts);
  const { form } = editor;
  const { title, body } = form.value.value[language];
  const area = useRef<HTMLTextAreaElement>(null);
  const named = { language: t(`language_${language}`) };
  const { length } = [...body];
  return (
    <section class="text-pane" aria-label={named.language}>
      <TextInput
        label={t('articleTitle', named)}
        value={title}
        error={form.errorAt(`${language}.title`, 'title')}
        max={TITLE_MAX}
        onInput={(next) => editor.setText(language, { title: next })}
      />
      <div class="text-pane-halves">
        <div>
          <Field
            label={t('body', named)}
            hint={
              length > BODY_MAX * 0.9 ? t('bodyLength', { n: length, max: BODY_MAX }) : undefined
            }
            error={form.errorAt(`${language}.body`, 'body')}
          >
            {(ties) => (
              <>
                <Toolbar area={area} label={t('toolbar', named)} />
                <textarea
                  {...ties}
                  ref={area}
                  class="input is-mono text-pane-body"
                  lang={language}
                  value={body}
                  onInput={(event) => editor.setText(language, { body: event.currentTarget.value })}
                  onKeyDown={(event) => {
                    const command = KEYS[event.key.toLowerCase()];
                    if (!command || !(event.ctrlKey || event.metaKey) || event.altKey) return;
                    event.preventDefault();
                    apply(event.currentTarget, command);
                  }}
                />
              </>
            )}
          </Field>
        </div>
        <div class="text-pane-preview" role="region" tabIndex={0} aria-label={t('preview', named)}>
          <p class="text-pane-label">{t('preview', named)}</p>
          {body.trim() === '' ? (
            <p class="hint">{t('previewEmpty')}</p>
          ) : (
            <div lang={language}>
              <Markdown text={body} />
            </div>
          )}
        </div>
      </div>
    </section>
  );
}

const KEYS: Readonly<Record<string, Command>> = { b: 'bold', i: 'italic', k: 'link' };

const TOOLS: readonly (readonly [Command, ComponentChildren])[] = [
  ['bold', <b>B</b>],
  ['italic', <i>I</i>],
  ['heading', <b>H</b>],
  ['link', <Icon name="link" size={16} />],
  ['bullets', <Icon name="list" size={16} />],
  ['numbers', <Icon name="numbers" size={16} />],
  ['quote', <Icon name="quote" size={16} />],
  ['code', <code>{'</>'}</code>],
  ['table', <Icon name="table" size={16} />],
];

interface ToolbarProps {
  area: { readonly current: HTMLTextAreaElement | null };
  label: string;
}

/** One stop for the Tab key; arrows go from button to button. */
function Toolbar({ area, label }: ToolbarProps) {
  const { t } = useTextsOf(texts);
  return (
    <div
      class="text-pane-toolbar"
      role="toolbar"
      aria-label={label}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (by === 0) return;
        event.preventDefault();
        const tools = [...event.currentTarget.querySelectorAll('button')];
        const at = tools.indexOf(document.activeElement as HTMLButtonElement);
        tools[(at + by + tools.length) % tools.length]?.focus();
      }}
    >
      {TOOLS.map(([command, face], index) => (
        <button
          key={command}
          type="button"
          class="icon-button is-small"
          tabIndex={index === 0 ? 0 : -1}
          aria-label={t(`tool_${command}`)}
          title={t(`tool_${command}`)}
          onClick={() => area.current && apply(area.current, command)}
        >
          {face}
        </button>
      ))}
    </div>
  );
}

/** Edits as if it were typed, so that the browser can undo it. */
function apply(area: HTMLTextAreaElement, command: Command): void {
  const { value, selectionStart, selectionEnd } = area;
  const { from, to, text, selectFrom, selectTo } = edit(
    command,
    value,
    selectionStart,
    selectionEnd,
  );
  area.focus();
  area.setSelectionRange(from, to);
  if (!document.execCommand('insertText', false, text)) {
    area.setRangeText(text, from, to);
    area.dispatchEvent(new Event('input', { bubbles: true }));
  }
  area.setSelectionRange(selectFrom, selectTo);
}

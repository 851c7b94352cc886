import { texts } from '../../../i18n/inboxes';
import type { FormField } from '../../../protocol/types';
import { contrast, css, inkOn, parseColour, readable } from '../../../ui/colour';
import { Icon } from '../../../ui/icons';
import { useTextsOf } from '../../context';
import { Check, Choices, Group, SelectInput, TextInput, WordsInput } from '../../forms/inputs';
import { Part } from '../section';
import type { WidgetLook } from '../shapes';
import { changeSettings, type InboxForm, QUESTIONS_MAX, type Undefined } from './form';

const USUAL_COLOUR = '#1859c9';
const WHITE = { r: 255, g: 255, b: 255 };

/** How the widget looks on this inbox's pages, and what it asks first. */
export function LookTab({ form }: { form: InboxForm }) {
  const { t } = useTextsOf(texts);
  const { settings, name, greeting } = form.value.value;
  const look = settings.widget ?? {};
  const change = (patch: Partial<Undefined<WidgetLook>>) => {
    const kept = Object.entries({ ...look, ...patch }).filter(([, value]) => value !== undefined);
    changeSettings(form, { widget: kept.length > 0 ? Object.fromEntries(kept) : undefined });
  };
  const colour = parseColour(look.colour) ? look.colour! : USUAL_COLOUR;
  return (
    <>
      <Part title={t('partLook')} lead={t('partLookLead')}>
        <div class="look">
          <div class="look-fields">
            <Group
              label={t('colour')}
              hint={<ContrastNote colour={colour} />}
              error={form.errorAt('widget.colour')}
            >
              <div class="input-row">
                <input
                  class="colour-input"
                  type="color"
                  aria-label={t('colourPick')}
                  value={colour}
                  onInput={(event) => change({ colour: event.currentTarget.value })}
                />
                <input
                  class="input is-mono is-colour"
                  aria-label={t('colourCode')}
                  value={look.colour ?? ''}
                  placeholder={USUAL_COLOUR}
                  maxLength={7}
                  onInput={(event) => change({ colour: event.currentTarget.value || undefined })}
                />
                {look.colour !== undefined && (
                  <button
                    type="button"
                    class="link-button"
                    onClick={() => change({ colour: undefined })}
                  >
                    {t('colourUsual')}
                  </button>
                )}
              </div>
            </Group>
            <Choices
              label={t('side')}
              value={look.side ?? 'right'}
              error={form.errorAt('widget.side')}
              options={[
                { value: 'right', label: t('sideRight') },
                { value: 'left', label: t('sideLeft') },
              ]}
              onChange={(side) => change({ side })}
            />
            <Check
              label={t('teamShown')}
              hint={t('teamShownHint')}
              checked={look.team_shown ?? false}
              onChange={(on) => change({ team_shown: on || undefined })}
            />
          </div>
          <Preview
            name={name}
            greeting={greeting}
            colour={colour}
            side={look.side ?? 'right'}
            questions={look.pre_chat ?? []}
          />
        </div>
      </Part>
      <Questions
        questions={look.pre_chat ?? []}
        error={form.errorAt('widget.pre_chat')}
        set={(questions) => change({ pre_chat: questions.length > 0 ? questions : undefined })}
      />
    </>
  );
}

function ContrastNote({ colour }: { colour: string }) {
  const { t } = useTextsOf(texts);
  const rgb = parseColour(colour);
  if (!rgb) return null;
  const ratio = contrast(inkOn(rgb), rgb).toFixed(1);
  const darkened = css(readable(rgb, WHITE)) !== css(rgb);
  return (
    <>
      {t(inkOn(rgb).r === 255 ? 'contrastWhite' : 'contrastDark', { ratio })}
      {darkened && ` ${t('contrastText')}`}
    </>
  );
}

interface PreviewProps {
  name: string;
  greeting: string;
  colour: string;
  side: 'left' | 'right';
  questions: readonly FormField[];
}

/** A small likeness of the widget: what it is made of is the widget's own affair. */
function Preview({ name, greeting, colour, side, questions }: PreviewProps) {
  const { t } = useTextsOf(texts);
  const brand = parseColour(colour) ?? WHITE;
  const style = { background: css(brand), color: css(inkOn(brand)) };
  return (
    <div class="look-preview" data-side={side} role="img" aria-label={t('preview')}>
      <div class="look-panel">
        <div class="look-head" style={style}>
          {name}
        </div>
        <div class="look-talk">
          {greeting && <p>{greeting}</p>}
          {questions.map((question, index) => (
            <div key={index} class="look-question">
              {question.label || '…'}
              {question.required && ' *'}
              <i />
            </div>
          ))}
        </div>
      </div>
      <span class="look-launcher" style={style}>
        <Icon name="reply" size={20} />
      </span>
    </div>
  );
}

const TYPES = [
  'text',
  'multiline',
  'email',
  'phone',
  'number',
  'date',
  'select',
  'checkbox',
] as const;

interface QuestionsProps {
  questions: readonly FormField[];
  error: string | null;
  set(questions: FormField[]): void;
}

function Questions({ questions, error, set }: QuestionsProps) {
  const { t } = useTextsOf(texts);
  const replace = (index: number, field: FormField) =>
    set(questions.map((each, at) => (at === index ? field : each)));
  const add = () => {
    const taken = questions.map(({ name }) => name);
    const free = [1, 2, 3, 4].map((n) => `q${n}`).find((name) => !taken.includes(name));
    set([...questions, { name: free ?? 'q', label: '', type: 'text', required: true }]);
  };
  return (
    <Part title={t('partQuestions')} lead={t('partQuestionsLead')}>
      <ul class="form-cards">
        {questions.map((question, index) => (
          <li key={question.name} class="form-card">
            <div class="pre-chat-question">
              <TextInput
                label={t('questionLabel')}
                value={question.label}
                max={200}
                onInput={(label) => replace(index, { ...question, label })}
              />
              <SelectInput
                label={t('questionType')}
                value={question.type}
                options={TYPES.map((type) => [type, t(`type_${type}`)] as const)}
                onChange={(type) => {
                  const { options: _, ...others } = question;
                  replace(index, {
                    ...others,
                    type,
                    ...(type === 'select' ? { options: [] } : {}),
                  });
                }}
              />
              <button
                type="button"
                class="icon-button"
                aria-label={t('questionRemove', { label: question.label })}
                title={t('remove')}
                onClick={() => set(questions.filter((_, at) => at !== index))}
              >
                <Icon name="trash" />
              </button>
            </div>
            {question.type === 'select' && (
              <WordsInput
                label={t('questionOptions')}
                value={question.options ?? []}
                onInput={(options) => replace(index, { ...question, options })}
              />
            )}
            <Check
              label={t('questionRequired')}
              checked={question.required ?? false}
              onChange={(required) => replace(index, { ...question, required })}
            />
          </li>
        ))}
      </ul>
      {error !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {error}
        </p>
      )}
      {questions.length < QUESTIONS_MAX && (
        <button type="button" class="button" onClick={add}>
          <Icon name="plus" size={16} />
          {t('questionAdd')}
        </button>
      )}
    </Part>
  );
}

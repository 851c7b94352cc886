import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/staff';
import { Icon } from '../../../ui/icons';
import { useTextsOf } from '../../context';
import { Group } from '../../forms/inputs';

const LEVELS = [1, 2, 3, 4, 5] as const;
const USUAL_LEVEL = 3;

interface SkillsProps {
  skills: Readonly<Record<string, number>>;
  /** Skills of others, to be proposed. */
  known: readonly string[];
  error: string | null;
  set(skills: Record<string, number>): void;
}

/** What an agent knows, and how well. */
export function Skills({ skills, known, error, set }: SkillsProps) {
  const { t } = useTextsOf(texts);
  const [name, setName] = useState('');
  const add = () => {
    const skill = name.trim();
    if (skill === '') return;
    set({ ...skills, [skill]: skills[skill] ?? USUAL_LEVEL });
    setName('');
  };
  return (
    <Group label={t('skills')} hint={t('skillsHint')} error={error}>
      <ul class="agent-skills">
        {Object.entries(skills).map(([skill, level]) => (
          <li key={skill}>
            <span>{skill}</span>
            <select
              class="input is-unit"
              aria-label={t('skillLevel', { skill })}
              value={String(level)}
              onChange={(event) => set({ ...skills, [skill]: Number(event.currentTarget.value) })}
            >
              {LEVELS.map((each) => (
                <option key={each} value={String(each)}>
                  {t(`level_${each}`)}
                </option>
              ))}
            </select>
            <button
              type="button"
              class="icon-button is-small"
              aria-label={t('skillRemove', { skill })}
              title={t('remove')}
              onClick={() => {
                const { [skill]: _, ...others } = skills;
                set(others);
              }}
            >
              <Icon name="close" size={16} />
            </button>
          </li>
        ))}
      </ul>
      <div class="input-row">
        <input
          class="input"
          aria-label={t('skillNew')}
          placeholder={t('skillNew')}
          maxLength={60}
          list="known-skills"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.isComposing) return;
            event.preventDefault();
            add();
          }}
        />
        <datalist id="known-skills">
          {known.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <button type="button" class="button" onClick={add}>
          {t('add')}
        </button>
      </div>
    </Group>
  );
}

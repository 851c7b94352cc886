import { Icon } from '../../ui/icons';
import { currentFilter, filterBy } from './address';
import { useBoard, useTeamTexts } from './context';
import { type Standing, STANDINGS } from './live';

export function Filters() {
  const board = useBoard();
  const { t } = useTeamTexts();
  const filter = currentFilter();
  const agents = (board.agents.value ?? []).map(({ agent }) => agent);
  const isSet = Object.values(filter).some((each) => each !== '');
  return (
    <div class="team-filters" role="search" aria-label={t('filters')}>
      <input
        class="input"
        type="search"
        aria-label={t('find')}
        placeholder={t('find')}
        value={filter.text}
        onInput={(event) => filterBy({ text: event.currentTarget.value })}
      />
      <select
        class="input"
        aria-label={t('standing')}
        value={filter.standing}
        onChange={(event) => filterBy({ standing: event.currentTarget.value as Standing | '' })}
      >
        <option value="">{t('allStandings')}</option>
        {STANDINGS.map((each) => (
          <option key={each} value={each}>
            {t(`standing_${each}`)}
          </option>
        ))}
      </select>
      <Names label={t('inbox')} all={t('allInboxes')} name="inbox" items={board.inboxes.value} />
      <Names label={t('team')} all={t('allTeams')} name="team" items={board.teams.value} />
      <Names label={t('agent')} all={t('allAgents')} name="agent" items={agents} />
      {isSet && (
        <button
          type="button"
          class="button"
          onClick={() => filterBy({ text: '', standing: '', inbox: '', team: '', agent: '' })}
        >
          <Icon name="close" size={16} />
          {t('clear')}
        </button>
      )}
    </div>
  );
}

interface NamesProps {
  label: string;
  all: string;
  name: 'inbox' | 'team' | 'agent';
  items: readonly { id: string; name: string }[];
}

function Names({ label, all, name, items }: NamesProps) {
  const chosen = currentFilter()[name];
  const unknown = chosen !== '' && !items.some(({ id }) => id === chosen);
  return (
    <select
      class="input"
      aria-label={label}
      value={chosen}
      onChange={(event) => filterBy({ [name]: event.currentTarget.value })}
    >
      <option value="">{all}</option>
      {unknown && <option value={chosen}>{label}</option>}
      {items.map((each) => (
        <option key={each.id} value={each.id}>
          {each.name}
        </option>
      ))}
    </select>
  );
}

import type { Page } from '../../protocol/types';
import { useLoad } from '../../ui/load';
import { useDesk } from '../context';

interface NamedTeam {
  id: string;
  name: string;
}

/** All teams; none until they are known. */
export function useTeams(): readonly NamedTeam[] {
  const { api } = useDesk();
  const load = useLoad('teams', async (signal) => {
    const { items } = await api.get<Page<NamedTeam>>('teams', {}, { signal });
    return items;
  });
  return load.state.status === 'ready' ? load.state.value : [];
}

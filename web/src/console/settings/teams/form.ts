import type { Form } from '../../forms/form';
import type { TeamSettings } from '../shapes';

export interface TeamDraft {
  name: string;
  settings: TeamSettings;
  /** Ids of agents; each agent holds its own teams. */
  members: string[];
}

export type TeamForm = Form<TeamDraft>;
type SettingsPatch = { [K in keyof TeamSettings]?: TeamSettings[K] | undefined };

/** Changes settings; what becomes undefined is left out. */
export function changeSettings(form: TeamForm, patch: SettingsPatch): void {
  const changed = Object.entries({ ...form.value.peek().settings, ...patch });
  const kept = changed.filter(([, value]) => value !== undefined);
  form.set({ settings: Object.fromEntries(kept) });
}

import type { ComponentType } from 'preact';
import type { texts } from '../../i18n/settings';
import type { Agent } from '../../protocol/types';
import { may } from '../pages';

type Key = keyof typeof texts.en;

export interface Section {
  /** What follows `#/settings/`. */
  name: string;
  title: Key;
  allowed(me: Agent): boolean;
  /** Only in a rehearsal: `kefu serve --shadow`. */
  shadow?: true;
  load(): Promise<{ default: ComponentType }>;
}

const of =
  (...permissions: string[]) =>
  (me: Agent) =>
    permissions.some((permission) => may(me, permission));

export const GROUPS: readonly { title: Key; sections: readonly Section[] }[] = [
  {
    title: 'groupService',
    sections: [
      {
        name: 'inboxes',
        title: 'inboxes',
        allowed: of('inboxes'),
        load: () => import('./inboxes'),
      },
      { name: 'teams', title: 'teams', allowed: of('teams'), load: () => import('./teams') },
      {
        name: 'replies',
        title: 'replies',
        allowed: () => true,
        load: () => import('./replies'),
      },
      { name: 'tags', title: 'tags', allowed: of('shared'), load: () => import('./tags') },
    ],
  },
  {
    title: 'groupPeople',
    sections: [
      {
        name: 'agents',
        title: 'agents',
        allowed: of('agents', 'teams'),
        load: () => import('./agents'),
      },
      { name: 'roles', title: 'roles', allowed: of('keys'), load: () => import('./roles') },
    ],
  },
  {
    title: 'groupSystems',
    sections: [
      { name: 'events', title: 'events', allowed: of('inboxes'), load: () => import('./events') },
      { name: 'cards', title: 'cards', allowed: of('inboxes'), load: () => import('./cards') },
    ],
  },
  {
    title: 'groupSafety',
    sections: [
      { name: 'blocks', title: 'blocks', allowed: of('blocks'), load: () => import('./blocks') },
      { name: 'keys', title: 'keys', allowed: of('keys'), load: () => import('./keys') },
      {
        name: 'retention',
        title: 'retention',
        allowed: of('privacy'),
        load: () => import('./retention'),
      },
      {
        name: 'shadow',
        title: 'shadow',
        allowed: of('audit'),
        shadow: true,
        load: () => import('./shadow'),
      },
    ],
  },
];

import { signal } from '@preact/signals';
import { Api, ApiError } from '../protocol/api';
import type { Agent } from '../protocol/types';
import { Desk } from './desk';

export type SessionState =
  | { kind: 'loading' }
  | { kind: 'unreachable' }
  /** `needsSetup`: there is no administrator yet. */
  | { kind: 'signed-out'; needsSetup: boolean }
  | { kind: 'signed-in'; desk: Desk };

/** Who sits at this console. The cookie holds the session; this only knows whether there is one. */
export class Session {
  readonly state = signal<SessionState>({ kind: 'loading' });
  private readonly server: URL;
  private readonly api: Api;

  constructor(server: URL) {
    this.server = server;
    this.api = new Api(server);
    void this.check();
  }

  async check(): Promise<void> {
    this.leave({ kind: 'loading' });
    try {
      this.enter(await this.api.get<Agent>('auth/me'));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) {
        this.leave({ kind: 'unreachable' });
        return;
      }
      const setup = await this.api.get<{ needed: boolean }>('setup').catch(() => null);
      this.leave({ kind: 'signed-out', needsSetup: setup?.needed ?? false });
    }
  }

  async signIn(email: string, password: string): Promise<void> {
    const { agent } = await this.api.post<{ agent: Agent }>('auth/login', { email, password });
    this.enter(agent);
  }

  async setUp(token: string, name: string, email: string, password: string): Promise<void> {
    const body = { token, name, email, password };
    const { agent } = await this.api.post<{ agent: Agent }>('setup', body);
    this.enter(agent);
  }

  async signOut(): Promise<void> {
    await this.api.post('auth/logout').catch(() => undefined);
    this.leave({ kind: 'signed-out', needsSetup: false });
  }

  private enter(me: Agent): void {
    this.leave({ kind: 'loading' });
    const desk: Desk = new Desk(this.server, me, () => {
      const state = this.state.peek();
      if (state.kind === 'signed-in' && state.desk === desk) {
        this.leave({ kind: 'signed-out', needsSetup: false });
      }
    });
    this.state.value = { kind: 'signed-in', desk };
  }

  private leave(next: SessionState): void {
    const state = this.state.peek();
    this.state.value = next;
    if (state.kind === 'signed-in') state.desk.close();
  }
}

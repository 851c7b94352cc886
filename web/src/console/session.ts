import { signal } from '@preact/signals';
import { AgentApi, ApiError } from '../protocol/agent-api';
import type { SecondFactor } from '../protocol/access';
import type { Agent } from '../protocol/types';
import { Desk } from './desk';

export type SessionState =
  | { kind: 'loading' }
  | { kind: 'unreachable' }
  /** `needsSetup`: there is no administrator yet. */
  | { kind: 'signed-out'; needsSetup: boolean }
  /** The server wants a second factor of this agent before anything else. */
  | { kind: 'enrolling'; api: AgentApi }
  | { kind: 'signed-in'; desk: Desk };

/** Who sits at this console. The cookie holds the session; this only knows whether there is one. */
export class Session {
  readonly state = signal<SessionState>({ kind: 'loading' });
  private readonly server: URL;
  private readonly api: AgentApi;

  constructor(server: URL) {
    this.server = server;
    this.api = new AgentApi(server);
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

  /** Without the code of an agent who has a second factor it fails with the field `code`. */
  async signIn(email: string, password: string, code?: string): Promise<void> {
    const body = { email, password, ...(code === undefined ? {} : { code }) };
    const { agent } = await this.api.post<{ agent: Agent }>('auth/login', body);
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
    void this.lookForEnrolment(desk);
  }

  private async lookForEnrolment(desk: Desk): Promise<void> {
    const factor = await desk.api.get<SecondFactor>('auth/totp').catch(() => null);
    const state = this.state.peek();
    const stillThere = state.kind === 'signed-in' && state.desk === desk;
    if (stillThere && factor?.required && !factor.enabled) {
      this.leave({ kind: 'enrolling', api: this.api });
    }
  }

  private leave(next: SessionState): void {
    const state = this.state.peek();
    this.state.value = next;
    if (state.kind === 'signed-in') state.desk.close();
  }
}

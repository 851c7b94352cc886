/** A sign-in of an agent. */
export interface OwnSession {
  id: string;
  created_at: string;
  /** To within five minutes. */
  last_seen_at: string;
  user_agent: string;
  address: string;
  /** The one that asks. */
  current: boolean;
}

export interface SecondFactor {
  enabled: boolean;
  /** Without one the agent can do nothing but set it up. */
  required: boolean;
  /** How many recovery codes are left. */
  recovery_codes: number;
}

/** A secret that waits for its first code. */
export interface FactorSecret {
  /** In base32, to be typed. */
  secret: string;
  /** `otpauth://…` */
  uri: string;
}

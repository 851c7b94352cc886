/** Chat services and their files, as REST answers with them. */

/** A file that comes with kefu. */
export interface ChannelFile {
  id: string;
  name: string;
  about: string;
  enabled: boolean;
  secrets: readonly string[];
  settings: readonly string[];
  yaml: string;
}

export interface Channel {
  id: string;
  inbox_id: string | null;
  name: string;
  file: string;
  yaml: string;
  /** Names of the descriptions that lie beside the file. */
  files: readonly string[];
  enabled: boolean;
  version: number;
  url: string;
  secrets_given: readonly string[];
  settings: Readonly<Record<string, string>>;
  missing: readonly string[];
  waiting: number;
  failed: number;
  refused: number;
  last_error?: string;
}

/** What a service answered to find out whether a channel's values are good. */
export interface ChannelCheck {
  key: string;
  passed: boolean;
  status?: number;
  answer: string;
}

/** What came over a channel and could not be read. */
export interface ChannelRefusal {
  number: number;
  at: string;
  reason: string;
  retryable: boolean;
}

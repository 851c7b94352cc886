const PROBE_TIMEOUT_MS = 5_000;
const MISSED_LIMIT = 2;

interface LivenessEvents {
  ping(): void;
  dead(): void;
  latency(ms: number): void;
}

/** Finds half-open connections: pings every heartbeat, dead after two that nothing followed. */
export class Liveness {
  private readonly events: LivenessEvents;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private intervalMs = 25_000;
  private missed = 0;
  private pingedAt = 0;
  /** When the last frame came, in this or an earlier connection; 0 before the first. */
  heardAt = 0;

  constructor(events: LivenessEvents) {
    this.events = events;
  }

  /** Waits for a first sign of life. */
  expect(timeoutMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.events.dead(), timeoutMs);
  }

  start(intervalMs: number): void {
    clearTimeout(this.timer);
    this.intervalMs = intervalMs;
    this.missed = 0;
    const tick = () => {
      if (this.missed >= MISSED_LIMIT) {
        this.events.dead();
        return;
      }
      this.ping();
      this.timer = setTimeout(tick, this.intervalMs);
    };
    this.timer = setTimeout(tick, this.intervalMs);
  }

  /** After sleep or a change of network a dead socket still looks open: ask now, wait briefly. */
  probe(): void {
    clearTimeout(this.timer);
    this.missed = 0;
    this.ping();
    this.timer = setTimeout(() => {
      if (this.missed > 0) this.events.dead();
      else this.start(this.intervalMs);
    }, PROBE_TIMEOUT_MS);
  }

  /** Any frame is a sign of life. */
  heard(): void {
    this.missed = 0;
    this.heardAt = Date.now();
  }

  ponged(): void {
    this.events.latency(Date.now() - this.pingedAt);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private ping(): void {
    this.missed += 1;
    this.pingedAt = Date.now();
    this.events.ping();
  }
}

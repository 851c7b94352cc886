import { signal } from '@preact/signals';

const KEY = 'kefu-muted';
/** Two soft notes, the second a fifth above the first. */
const NOTES_HZ = [587.33, 880];
const NOTE_S = 0.13;
const RING_S = 0.45;
const LOUDNESS = 0.12;

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) === '1';
  } catch {
    return false;
  }
}

/** Whether no tone is wanted; kept in this browser. */
export const muted = signal(kept());

export function setMuted(on: boolean): void {
  muted.value = on;
  try {
    localStorage.setItem(KEY, on ? '1' : '0');
  } catch {
    // Without storage it lasts as long as the page.
  }
}

let context: AudioContext | null = null;

/** A short tone that something came; silent while muted, or before the page was ever clicked. */
export function chime(): void {
  if (muted.value || typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  void context.resume().catch(() => undefined);
  const start = context.currentTime;
  NOTES_HZ.forEach((pitch, index) => ring(context!, pitch, start + index * NOTE_S));
}

function ring(audio: AudioContext, pitch: number, at: number): void {
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = pitch;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(LOUDNESS, at + 0.012);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + RING_S);
  tone.connect(volume).connect(audio.destination);
  tone.start(at);
  tone.stop(at + RING_S);
}

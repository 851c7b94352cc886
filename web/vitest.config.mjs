import { defineConfig } from 'vitest/config';

// Far longer than what is well takes: a busy machine is no fault.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });

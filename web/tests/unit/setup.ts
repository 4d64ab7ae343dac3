// What happy-dom lacks, and a clean page before each test.
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach } from 'vitest';
import { startLanguage } from '../../src/i18n/language';

// Patient on a busy machine, and brief when something is not found.
configure({
  asyncUtilTimeout: 15_000,
  getElementError: (message) => new Error(message?.split('\n')[0] ?? 'not found'),
});

beforeEach(async () => {
  history.replaceState(null, '', '/?lang=en');
  localStorage.clear();
  await startLanguage();
});

afterEach(() => cleanup());

// What happy-dom lacks, and a clean page before each test.
import { cleanup } from '@testing-library/react';
import { afterEach, beforeEach } from 'vitest';
import { startLanguage } from '../../src/i18n/language';

beforeEach(() => {
  history.replaceState(null, '', '/?lang=en');
  localStorage.clear();
  startLanguage();
});

afterEach(() => cleanup());

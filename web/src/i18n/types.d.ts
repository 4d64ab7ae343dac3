import type { patrol } from './patrol.zh';
import type { Dictionary } from './zh';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    /** The words of the officer's page are there on that page only. */
    resources: { page: Dictionary & { patrol: typeof patrol } };
  }
}

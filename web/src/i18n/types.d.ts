import type { Dictionary } from './zh';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    resources: { page: Dictionary };
  }
}

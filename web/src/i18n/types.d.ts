import type { admin, switches } from './admin.zh';
import type { border } from './borderwalk.zh';
import type { board, duty } from './duty.zh';
import type { incidents } from './incidents.zh';
import type { patrol } from './patrol.zh';
import type { photos } from './photos.zh';
import type { resident } from './resident.zh';
import type { Dictionary } from './zh';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    /** The words of some pages are there on those pages only (desk-words.ts, photos/index.tsx, patrol/main.tsx). */
    resources: {
      page: Dictionary & {
        admin: typeof admin;
        board: typeof board;
        border: typeof border;
        duty: typeof duty;
        incidents: typeof incidents;
        patrol: typeof patrol;
        photos: typeof photos;
        resident: typeof resident;
        switches: typeof switches;
      };
    };
  }
}

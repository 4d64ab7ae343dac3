import { useTranslation } from 'react-i18next';
import { answer, api } from '../api/client';
import { useChange } from './common';
import { type Staffing, TOUCHED } from './duties';

/** useSetBackstop names the post that answers when nobody else does; 0 is any administrator. */
export function useSetBackstop() {
  const { t } = useTranslation();
  return useChange(
    (post: number) => answer<Staffing>(api.PUT('/staffing/backstop', { body: { post } })),
    TOUCHED,
    t('admin.template.saved'),
  );
}

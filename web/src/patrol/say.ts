import { useTranslation } from 'react-i18next';
import { useWords } from '../common/format';

/** What a problem is, kept or fresh. */
export type Told = { status: number; code: string; message: string; detail: string };

/** useSayProblem puts a problem into the reader's words; an unknown one as the server wrote it. */
export function useSayProblem(): (problem: Told) => string {
  const { t } = useTranslation();
  const word = useWords();
  return ({ status, code, message, detail }) => {
    if (status === 0) return t('patrol.noAnswer');
    const known = word('problem', code);
    return [known === code ? message : known, detail].filter(Boolean).join(' ');
  };
}

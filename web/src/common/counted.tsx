// A number that may be hidden: then the word for it, and why.
import { Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import { count, useLanguage } from './format';

/** Counted writes a count; null is one that the server hides, undefined one that is not known yet. */
export function Counted({ value }: { value: number | null | undefined }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (value !== null) return count(value, language);
  return (
    <Tooltip title={t('suppressed.why')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason must be reachable by keyboard */}
      <span className="suppressed" tabIndex={0}>
        {t('suppressed.hidden')}
      </span>
    </Tooltip>
  );
}

// Who we are and where: the mark, the town, and an unmistakable seal when the
// data are invented.
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="34" height="34" aria-hidden="true">
      <rect width="32" height="32" rx="7" className="mark-ground" />
      <path d="M7 7h8.2v6.6L7 16.4zM17.2 7H25v9.6l-7.8-3zM7 18.5l8.2-2.8V25H7z" className="mark-cells" />
      <path d="M17.2 15.7l7.8 3V25h-7.8z" className="mark-chosen" />
    </svg>
  );
}

export function DemoSeal() {
  const { t } = useTranslation();
  const status = useStatus().data;
  if (!status?.demo) return null;
  return (
    <p className="seal" title={t('demo.long')}>
      {t('demo.short')}
    </p>
  );
}

/** useTownName is the name of the town, or of the first of several at the top. */
export function useTownName(): string {
  const { t } = useTranslation();
  const town = useStatus().data?.town;
  if (!town) return t('app.name');
  return town.tops > 1 ? t('app.townAndMore', { name: town.name, count: town.tops }) : town.name;
}

export function Header() {
  const { t } = useTranslation();
  const name = useTownName();
  return (
    <header className="panel-header">
      <Mark />
      <div className="panel-title">
        <h1 title={name}>{name}</h1>
        <p>{t('app.subtitle')}</p>
      </div>
      <DemoSeal />
    </header>
  );
}

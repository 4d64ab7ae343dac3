// Who we are and where: the mark, the town, and an unmistakable seal when the
// data are invented.
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import { Mark } from './mark';

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

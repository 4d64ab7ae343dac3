import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { useMay } from '../account/session';

/** IncidentPages is the way between the pages about incidents; it stands above the heading. */
export function IncidentPages() {
  const { t } = useTranslation();
  const may = useMay();
  if (!may('place') || !may('count')) return null;
  return (
    <nav className="admin-nav" aria-label={t('board.sections')}>
      <NavLink to="/incidents" end>
        {t('board.ledger')}
      </NavLink>
      <NavLink to="/incidents/analysis">{t('board.analysis')}</NavLink>
    </nav>
  );
}

// The consultations that are open, for everybody.
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Failed, Loading } from '../common/states';
import { useConsultations } from './queries';

export function ConsultationList() {
  const { t } = useTranslation();
  const list = useConsultations();
  return (
    <section aria-labelledby="consultations">
      <h2 id="consultations">{t('enquiry.consult.list')}</h2>
      {list.isPending && <Loading rows={2} />}
      {list.isError && <Failed cause={list.error} retry={() => list.refetch()} />}
      {list.data?.length === 0 && <p className="soft">{t('enquiry.consult.none')}</p>}
      <ul className="enquiry-points">
        {list.data?.map((one) => (
          <li key={one.plan_id}>
            <Link to={`/public/consultations/${one.plan_id}`}>{one.title}</Link>
            <span className="soft figures">{t('enquiry.consult.until', { day: one.closes_on })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

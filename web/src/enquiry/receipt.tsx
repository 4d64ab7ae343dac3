// How a resident's report stands, for whoever has its code.
import { CopyOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Alert, Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useParams } from 'react-router';
import { answer, api } from '../api/client';
import type { components } from '../api/schema';
import { useCopy } from '../common/copy';
import { moment, useLanguage, useTitle } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { Frame } from './frame';
import { CodeForm } from './look-up';
import { ReceiptPhotos } from './receipt-photos';

type Schemas = components['schemas'];
/** The description does not say that these may be null. */
type Standing = Omit<Schemas['IncidentStanding'], 'reason'> & { reason: Schemas['IncidentReason'] | null };

export default function ReceiptPage() {
  const { t } = useTranslation();
  const { code = '' } = useParams();
  return (
    <Frame title={t('resident.receipt.title')}>
      {(offer) =>
        offer.report ? (
          <main className="enquiry-main report">
            <LookedUp key={code} code={code} />
            <CodeForm />
            <p className="enquiry-to">
              <Link to="/public/report">{t('resident.receipt.another')}</Link>
            </p>
          </main>
        ) : (
          <main className="enquiry-off">
            <Nothing title={t('resident.off')}>{t('resident.offHint')}</Nothing>
          </main>
        )
      }
    </Frame>
  );
}

/** What the report's page hands over. */
type Handed = { fresh?: boolean; redacted?: number } | null;

function LookedUp({ code }: { code: string }) {
  const { t } = useTranslation();
  const copy = useCopy();
  const handed = useLocation().state as Handed;
  const standing = useQuery({
    queryKey: ['public', 'receipt', code],
    queryFn: ({ signal }) =>
      answer<Standing>(api.GET('/public/receipts/{code}', { signal, params: { path: { code } } })),
  });
  if (standing.isPending) return <Loading />;
  if (standing.isError) return <Failed cause={standing.error} retry={() => standing.refetch()} />;
  return (
    <>
      {handed?.fresh && <Alert type="success" showIcon title={t('resident.receipt.thanks')} />}
      <div className="report-code">
        <strong className="figures">{code}</strong>
        <Button icon={<CopyOutlined aria-hidden="true" />} onClick={() => copy(code)}>
          {t('resident.receipt.copy')}
        </Button>
      </div>
      <p className="soft">{t('resident.receipt.keep')}</p>
      {(handed?.redacted ?? 0) > 0 && (
        <p role="status">{t('resident.receipt.redacted', { count: handed?.redacted })}</p>
      )}
      <Stands standing={standing.data} />
      <ReceiptPhotos code={code} arrived={standing.data.photos} closed={standing.data.state === 'closed'} />
    </>
  );
}

const STATES = ['received', 'in-hand', 'closed'] as const;

function Stands({ standing }: { standing: Standing }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const title = useTitle();
  const at = STATES.indexOf(standing.state);
  return (
    <article className="enquiry-unit">
      <h2>{title(standing, standing.category)}</h2>
      <ol className="report-steps" aria-label={t('resident.receipt.steps')}>
        {STATES.map((state, index) => (
          <li
            key={state}
            className={index <= at ? 'report-reached' : undefined}
            aria-current={index === at ? 'step' : undefined}
          >
            {t(`resident.receipt.state.${state}`)}
          </li>
        ))}
      </ol>
      <dl>
        <Fact name={t('resident.receipt.day')}>{standing.day}</Fact>
        <Fact name={t('resident.receipt.changed')}>{standing.changed}</Fact>
        {standing.due_at && <Fact name={t('resident.receipt.due')}>{moment(standing.due_at, language)}</Fact>}
        {standing.reason && <Fact name={t('resident.receipt.reason')}>{title(standing.reason)}</Fact>}
        <Fact name={t('resident.receipt.where')}>{standing.unit}</Fact>
        <Fact name={t('resident.receipt.post')}>
          {title({ title_zh: standing.post_zh, title_en: standing.post_en })}
        </Fact>
        <Fact name={t('resident.receipt.number')}>{standing.number}</Fact>
      </dl>
    </article>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return children ? (
    <div>
      <dt>{name}</dt>
      <dd className="figures">{children}</dd>
    </div>
  ) : null;
}

// What can be taken out of a plan: its dossier, made by a job, and its files.
import './files.css';
import { DownloadOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { API, answer, api } from '../api/client';
import { isActive, type List, useJob } from '../api/queries';
import type { components } from '../api/schema';
import type { Job, Plan } from '../api/types';
import { Copyable } from '../card/copyable';
import { fileSize, moment, useLanguage } from '../common/format';
import { Failed, Loading, Nothing } from '../common/states';
import { JobProgress, useJobAction } from '../jobs/progress';

type Schemas = components['schemas'];
/** Null until it is made, though the description does not say so. */
type Made = Omit<Schemas['Made'], 'file'> & { file: Schemas['Kept'] | null };
type Format = Made['format'];

/** How often the page looks whether a dossier is made, in milliseconds. */
const WHILE_MADE = 1_000;

const useDossiers = (id: number, enabled: boolean) =>
  useQuery({
    queryKey: ['plans', id, 'dossiers'],
    queryFn: ({ signal }) =>
      answer<List<Made>>(api.GET('/plans/{id}/dossiers', { signal, params: { path: { id } } })),
    select: (list) => list.items,
    enabled,
    refetchInterval: (query) => (query.state.data?.items.some(isActive) ? WHILE_MADE : false),
  });

export function Files({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  if (!useMay()('export')) return <Nothing title={t('files.noExport')} />;
  return (
    <div className="plan-files">
      <Dossier plan={plan} />
      <Formats plan={plan} />
    </div>
  );
}

function Dossier({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const has = plan.state === 'adopted' || plan.state === 'published';
  const made = useDossiers(plan.id, has);
  const client = useQueryClient();
  const make = useMutation({
    mutationFn: (format: Format) =>
      answer<Job>(api.POST('/plans/{id}/dossiers', { params: { path: { id: plan.id } }, body: { format } })),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: ['plans', plan.id, 'dossiers'] });
      client.invalidateQueries({ queryKey: ['jobs'] });
    },
  });
  const busy = make.isPending || made.data?.some(isActive);
  return (
    <section aria-labelledby="plan-dossier">
      <h2 id="plan-dossier">{t('files.dossier')}</h2>
      <p>{t('files.dossierText')}</p>
      {!has && <p className="soft">{t('files.onlyAdopted')}</p>}
      {has && (
        <>
          <div className="plan-buttons">
            <Button type="primary" disabled={busy} onClick={() => make.mutate('pdf')}>
              {t('files.makePdf')}
            </Button>
            <Button disabled={busy} onClick={() => make.mutate('zip')}>
              {t('files.makeZip')}
            </Button>
          </div>
          {make.isError && <Failed cause={make.error} />}
          {made.isPending && <Loading rows={2} />}
          {made.isError && <Failed cause={made.error} retry={() => made.refetch()} />}
          {made.data?.length === 0 && <Nothing title={t('files.none')}>{t('files.noneHint')}</Nothing>}
          <ul className="plan-made" aria-label={t('files.made')}>
            {made.data?.map((one) => (
              <Row key={one.job} plan={plan} made={one} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Row({ plan, made }: { plan: Plan; made: Made }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <li>
      <p>
        <strong>{made.format.toUpperCase()}</strong>{' '}
        <Tag color={made.state === 'failed' ? 'error' : undefined}>{t(`jobState.${made.state}`)}</Tag>
        <span className="soft figures">{moment(made.at, language)}</span>
      </p>
      {made.state !== 'done' && <UnderWay job={made.job} />}
      {made.file && made.kept_until && (
        <p>
          <a href={`${API}/plans/${plan.id}/dossiers/${made.job}`} download>
            <DownloadOutlined aria-hidden="true" />{' '}
            {t('files.download', { name: made.file.name, size: fileSize(made.file.size, language) })}
          </a>{' '}
          <span className="soft figures">
            {t('files.keptUntil', { time: moment(made.kept_until, language) })}
          </span>
        </p>
      )}
      {made.file && !made.kept_until && <p className="soft">{t('files.gone')}</p>}
      {made.file && <Proof file={made.file} format={made.format} />}
    </li>
  );
}

/** UnderWay is a job until its file is there: how far it is, or why it ended. */
function UnderWay({ job: id }: { job: number }) {
  const { t } = useTranslation();
  const job = useJob(id).data;
  const again = useJobAction('retry');
  if (!job) return <Loading rows={1} />;
  if (isActive(job)) return <JobProgress job={job} />;
  return (
    <>
      {job.problem && <Failed cause={job.problem} />}
      {job.state !== 'done' && (
        <Button size="small" loading={again.isPending} onClick={() => again.mutate(id)}>
          {t('jobs.retry')}
        </Button>
      )}
    </>
  );
}

/** Proof is what tells whether a file, and the plan in it, is what it says. */
function Proof({ file, format }: { file: Schemas['Kept']; format: Format }) {
  const { t } = useTranslation();
  return (
    <details>
      <summary>{t('files.check')}</summary>
      <dl className="plan-proof">
        <dt>{t('files.sha')}</dt>
        <dd>
          <Copyable text={file.sha256} />
        </dd>
        <dt>{t('files.digest')}</dt>
        <dd>
          <Copyable text={file.digest} />
        </dd>
      </dl>
      <ul className="plan-checking">
        <li>{t('files.checkFile', { name: file.name })}</li>
        <li>{t('files.checkPlan')}</li>
        {format === 'zip' && <li>{t('files.checkZip')}</li>}
      </ul>
    </details>
  );
}

type As = 'geojson' | 'gpkg' | 'shp' | 'kml' | 'csv' | 'xlsx';
const NAMES: Record<As, string> = {
  gpkg: 'GeoPackage',
  geojson: 'GeoJSON',
  shp: 'Shapefile (ZIP)',
  kml: 'KML',
  xlsx: 'XLSX',
  csv: 'CSV',
};
const ALL = Object.keys(NAMES) as As[];
const TABLES: readonly As[] = ['xlsx', 'csv'];

/** fileAddress is where the server writes a plan out. */
export const fileAddress = (plan: number, as: As, what: 'units' | 'households' = 'units') =>
  `${API}/plans/${plan}/export?${new URLSearchParams({ format: as, what })}`;

function Formats({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <section aria-labelledby="plan-formats">
      <h2 id="plan-formats">{t('files.formats')}</h2>
      <p>{t('files.formatsText')}</p>
      <ul className="plan-formats">
        {ALL.map((as) => (
          <li key={as}>
            <a href={fileAddress(plan.id, as)} download>
              <DownloadOutlined aria-hidden="true" /> {NAMES[as]}
            </a>
            <span>
              {t(`files.use.${as}`)}
              <span className="soft">
                {' · '}
                {t('files.back', { what: t(TABLES.includes(as) ? 'files.backTable' : 'files.backSame') })}
              </span>
            </span>
          </li>
        ))}
        {may('place') && (
          <li>
            <span>
              {TABLES.map((as) => (
                <a
                  key={as}
                  href={fileAddress(plan.id, as, 'households')}
                  download
                  aria-label={t('data.exportAs', { what: t('files.households'), format: NAMES[as] })}
                >
                  <DownloadOutlined aria-hidden="true" /> {NAMES[as]}
                </a>
              ))}
            </span>
            <span>
              {t('files.households')}
              <span className="soft"> · {t('files.householdsText')}</span>
            </span>
          </li>
        )}
      </ul>
    </section>
  );
}

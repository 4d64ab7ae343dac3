// What came in from outside: import, drafts, jobs, files.
import { UploadOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Drawer, Tag } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useMay } from '../account/session';
import { API, answer, api, problemOf } from '../api/client';
import { isActive, useDrafts, useJobs, useStatus, useUpload, useUploads } from '../api/queries';
import type { components } from '../api/schema';
import type { Job, Upload } from '../api/types';
import { count, fileSize, moment, useLanguage, useWords } from '../common/format';
import { usePhone } from '../common/media';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { isTallied } from '../imports/report';
import { JobProgress, useJobAction, useJobTitle } from '../jobs/progress';
import { useChosenLevel } from '../map/level';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';
import { MapLines } from './map-lines';

type Schemas = components['schemas'];

const DraftPanel = lazy(() => import('../drafts/draft'));
const ReportView = lazy(() => import('../imports/report-view').then((m) => ({ default: m.ReportView })));

export default function DataPanel() {
  const { t } = useTranslation();
  const [view] = useView();
  const may = useMay();
  const [upload, setUpload] = useState<number | null>(null);
  if (view.plan !== null && may('plan')) {
    return (
      <Suspense fallback={<Loading rows={8} />}>
        <DraftPanel id={view.plan} />
      </Suspense>
    );
  }
  return (
    <>
      {may('load') && (
        <section className="block">
          <Button
            type="primary"
            block
            icon={<UploadOutlined aria-hidden="true" />}
            onClick={() => usePage.setState({ importing: true, drawer: false })}
          >
            {t('data.import')}
          </Button>
          <p className="hint">{t('data.importHint')}</p>
        </section>
      )}
      {may('plan') && <Drafts />}
      {(may('load') || may('plan')) && <Jobs />}
      {may('load') && <Uploads onOpen={setUpload} />}
      {may('export') && <Exports />}
      {may('plan') && <Plates />}
      {may('setting') && <MapLines />}
      {may('setting') && <ClearDemo />}
      <UploadDrawer id={upload} onClose={() => setUpload(null)} />
    </>
  );
}

function Drafts() {
  const { t } = useTranslation();
  const may = useMay();
  const [, setView] = useView();
  const drafts = useDrafts();
  const language = useLanguage();
  return (
    <section className="block" aria-labelledby="drafts-title">
      <h2 id="drafts-title">{t('data.drafts')}</h2>
      {may('plan') && (
        <p>
          <Link to="/workshop?new">{t('workshop.begin')}</Link>
        </p>
      )}
      {drafts.isPending && <Loading rows={2} />}
      {drafts.isError && <Failed cause={drafts.error} retry={() => drafts.refetch()} />}
      {drafts.data?.length === 0 && <p className="soft">{t('data.noDrafts')}</p>}
      <ul className="rows">
        {drafts.data?.map((draft) => (
          <li className="row" key={draft.id}>
            <button type="button" className="unit-link" onClick={() => setView({ plan: draft.id })}>
              <span>{draft.name}</span>
              <small className="soft">
                {t('data.draftUnits', { count: draft.units })} · {moment(draft.created_at, language)}
              </small>
            </button>
            {draft.faults.hard > 0 ? (
              <Tag color="error">{t('draft.hardCount', { count: draft.faults.hard })}</Tag>
            ) : (
              <Tag color="success">{t('draft.ready')}</Tag>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Jobs() {
  const { t } = useTranslation();
  const jobs = useJobs();
  const [all, setAll] = useState(false);
  const rows = jobs.data ?? [];
  const shown = all ? rows : rows.filter((job, index) => isActive(job) || index < 4);
  return (
    <section className="block" aria-labelledby="jobs-title">
      <h2 id="jobs-title">{t('data.jobs')}</h2>
      {jobs.isPending && <Loading rows={2} />}
      {jobs.isError && <Failed cause={jobs.error} retry={() => jobs.refetch()} />}
      {jobs.data?.length === 0 && <p className="soft">{t('data.noJobs')}</p>}
      <ul className="rows">
        {shown.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
      </ul>
      {rows.length > shown.length && (
        <Button size="small" type="link" onClick={() => setAll(true)}>
          {t('data.allJobs', { count: rows.length })}
        </Button>
      )}
    </section>
  );
}

const colours: Record<string, string> = { done: 'success', failed: 'error', cancelled: 'default' };

function JobRow({ job }: { job: Job }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const retry = useJobAction('retry');
  const title = useJobTitle()(job.title);
  return (
    <li className="row row-tall">
      <div className="row-line">
        <span className="unit-link">
          <span>{title}</span>
          <small className="soft">{moment(job.created_at, language)}</small>
        </span>
        <Tag color={colours[job.state] ?? 'processing'}>{t(`jobState.${job.state as 'done'}`)}</Tag>
      </div>
      {isActive(job) && <JobProgress job={job} />}
      {job.state === 'failed' && job.problem && (
        <p className="warn-text">
          {job.problem.title} <small className="figures">{job.problem.code}</small>
        </p>
      )}
      {(job.state === 'failed' || job.state === 'cancelled') && (
        <Button size="small" loading={retry.isPending} onClick={() => retry.mutate(job.id)}>
          {t('jobs.retry')}
        </Button>
      )}
    </li>
  );
}

function Uploads({ onOpen }: { onOpen: (id: number) => void }) {
  const { t } = useTranslation();
  const uploads = useUploads();
  const word = useWords();
  const language = useLanguage();
  return (
    <section className="block" aria-labelledby="uploads-title">
      <h2 id="uploads-title">{t('data.uploads')}</h2>
      {uploads.isPending && <Loading rows={2} />}
      {uploads.isError && <Failed cause={uploads.error} retry={() => uploads.refetch()} />}
      {uploads.data?.length === 0 && <p className="soft">{t('data.noUploads')}</p>}
      <ul className="rows">
        {uploads.data?.map((upload) => (
          <li className="row" key={upload.id}>
            <button type="button" className="unit-link" onClick={() => onOpen(upload.id)}>
              <span>{upload.file_name}</span>
              <small className="soft">
                {word('importKind', upload.kind)} · {fileSize(upload.size, language)} ·{' '}
                {moment(upload.created_at, language)}
              </small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const EXPORTS = ['units', 'households', 'incidents', 'service-points'] as const;
const FORMATS = ['geojson', 'csv'] as const;

function Exports() {
  const { t } = useTranslation();
  const [view] = useView();
  const level = useChosenLevel();
  return (
    <section className="block" aria-labelledby="exports-title">
      <h2 id="exports-title">{t('data.exports')}</h2>
      <ul className="exports">
        {EXPORTS.map((kind) => (
          <li key={kind}>
            <span>{t(`exportKind.${kind}`)}</span>
            {FORMATS.map((format) => (
              <a
                key={format}
                href={exportAddress(kind, format, kind === 'units' ? level : null, view.at)}
                download
                aria-label={t('data.exportAs', {
                  what: t(`exportKind.${kind}`),
                  format: format.toUpperCase(),
                })}
              >
                {format === 'csv' ? 'CSV' : 'GeoJSON'}
              </a>
            ))}
          </li>
        ))}
      </ul>
      <p className="hint">{t('data.exportsHint')}</p>
    </section>
  );
}

/** exportAddress is where the server writes out a kind of thing. */
export function exportAddress(kind: string, format: string, level: string | null, at: string | null): string {
  const query = new URLSearchParams({ format });
  if (level) query.set('level', level);
  if (at) query.set('at', at);
  return `${API}/exports/${kind}?${query}`;
}

/** Plates are what is put up at the checkpoints, where there are any. */
function Plates() {
  const { t } = useTranslation();
  const points = useQuery({
    queryKey: ['checkpoints', 'any'],
    queryFn: ({ signal }) =>
      answer<Schemas['ListCheckpoint']>(api.GET('/checkpoints', { params: { query: { limit: 1 } }, signal })),
    select: ({ items }) => items.length,
  });
  if (!points.data) return null;
  return (
    <section className="block" aria-labelledby="plates-title">
      <h2 id="plates-title">{t('data.plates')}</h2>
      <ul className="exports">
        <li>
          <a href={`${API}/checkpoints/plates`} download>
            {t('data.platesFile')}
          </a>
        </li>
      </ul>
      <p className="hint">{t('data.platesHint')}</p>
    </section>
  );
}

/** ClearDemo makes room for a town's own data. */
function ClearDemo() {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const client = useQueryClient();
  const [, setView] = useView();
  const demo = useStatus().data?.demo ?? false;
  if (!demo) return null;
  const clear = async () => {
    const { error, response } = await api.DELETE('/demo');
    if (!response.ok) {
      message.error(problemOf(response.status, error).message);
      return;
    }
    setView({ ...nothingSelected, plan: null, level: null, at: null });
    client.invalidateQueries();
    message.success(t('data.cleared'));
  };
  const ask = () =>
    modal.confirm({
      getContainer: overlays,
      title: t('data.clearDemoTitle'),
      content: t('data.clearDemoText'),
      okText: t('data.clearDemo'),
      okButtonProps: { danger: true },
      cancelText: t('common.cancel'),
      onOk: clear,
    });
  return (
    <section className="block">
      <Button size="small" danger onClick={ask}>
        {t('data.clearDemo')}
      </Button>
    </section>
  );
}

function UploadDrawer({ id, onClose }: { id: number | null; onClose: () => void }) {
  const { t } = useTranslation();
  const phone = usePhone();
  const upload = useUpload(id);
  return (
    <Drawer
      getContainer={overlays}
      open={id !== null}
      onClose={onClose}
      placement={phone ? 'bottom' : 'left'}
      size={phone ? '85dvh' : 640}
      title={upload.data?.file_name ?? t('data.uploads')}
    >
      {upload.isPending && <Loading />}
      {upload.isError && <Failed cause={upload.error} retry={() => upload.refetch()} />}
      {upload.data && <UploadFacts upload={upload.data} />}
    </Drawer>
  );
}

function UploadFacts({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const word = useWords();
  const language = useLanguage();
  const why = language === 'zh' ? upload.guard?.why_zh || upload.guard?.why : upload.guard?.why;
  return (
    <>
      <dl className="facts">
        <div>
          <dt>{t('import.kind')}</dt>
          <dd>{word('importKind', upload.kind)}</dd>
        </div>
        <div>
          <dt>{t('import.crs')}</dt>
          <dd>
            <span className="figures">{upload.crs}</span>
            {upload.guard && <Tag>{word('guardResult', upload.guard.result)}</Tag>}
            {why && <small className="soft">{why}</small>}
          </dd>
        </div>
        {upload.confirmed && (
          <div>
            <dt>{t('guard.reason')}</dt>
            <dd>{upload.confirmed}</dd>
          </div>
        )}
        <div>
          <dt>{t('data.size')}</dt>
          <dd className="figures">
            {count(upload.size, language)} B · SHA-256 {upload.sha256.slice(0, 12)}…
          </dd>
        </div>
      </dl>
      {isTallied(upload.report) && (
        <Suspense fallback={<Loading />}>
          <ReportView report={upload.report} name={upload.file_name} />
        </Suspense>
      )}
    </>
  );
}

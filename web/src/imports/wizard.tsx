// Bringing in a file: choose it, say what it is and how its coordinates are
// meant, watch it being read, see what became of it.
import { InboxOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Checkbox, Drawer, Input, Radio, Select, Steps } from 'antd';
import { type DragEvent, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem, type Problem, problemOf, upload } from '../api/client';
import { isActive, useJob, useLevels, usePresets, useSystems } from '../api/queries';
import type { Inspection, Job } from '../api/types';
import { fileSize, useLanguage, useTitle, useWords } from '../common/format';
import { usePhone } from '../common/media';
import { overlays } from '../common/overlays';
import { Failed, Loading } from '../common/states';
import { JobProgress } from '../jobs/progress';
import { usePage } from '../view/store';
import { useView } from '../view/url';
import {
  cleanMapping,
  fieldsOf,
  isKind,
  isLedger,
  isNamed,
  isPlaced,
  isTable,
  KINDS,
  type Kind,
  missingFields,
} from './fields';
import { isTallied } from './report';
import { ReportView } from './report-view';

type Draft = {
  kind: Kind;
  preset: string;
  level: string;
  crs: string;
  mapping: Record<string, string>;
  source: string;
  full: boolean;
  dryRun: boolean;
  spread: boolean;
  confirm: string;
};

const ACCEPT = '.geojson,.json,.kml,.kmz,.zip,.shp,.gpkg,.csv,.txt,.tsv,.xlsx,.pbf';

export default function ImportWizard() {
  const { t } = useTranslation();
  const open = usePage((page) => page.importing);
  const phone = usePhone();
  return (
    <Drawer
      getContainer={overlays}
      open={open}
      onClose={() => usePage.setState({ importing: false })}
      placement={phone ? 'bottom' : 'left'}
      size={phone ? '92dvh' : 680}
      title={t('import.title')}
      destroyOnHidden
      className="import-drawer"
    >
      <Wizard onClose={() => usePage.setState({ importing: false })} />
    </Drawer>
  );
}

function Wizard({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [look, setLook] = useState<Inspection | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [jobId, setJobId] = useState<number | null>(null);
  const [sent, setSent] = useState(0);

  const inspect = useMutation({
    mutationFn: (chosen: File) => {
      const form = new FormData();
      form.append('file', chosen);
      return upload<Inspection>('/api/v1/imports/inspect', form, setSent);
    },
    onSuccess: (found, chosen) => {
      setLook(found);
      setDraft(firstDraft(found, chosen.name));
    },
  });
  const start = useMutation({
    mutationFn: ({ chosen, what }: { chosen: File; what: Draft }) =>
      upload<Job | { job: Job }>('/api/v1/imports', formOf(chosen, what, look), setSent),
    onSuccess: (answer) => {
      setJobId('job' in answer ? answer.job.id : answer.id);
      client.invalidateQueries({ queryKey: ['jobs'] });
    },
  });
  const job = useJob(jobId);

  function choose(chosen: File) {
    setFile(chosen);
    setLook(null);
    setSent(0);
    start.reset();
    inspect.mutate(chosen);
  }
  function restart() {
    setFile(null);
    setLook(null);
    setDraft(null);
    setJobId(null);
    inspect.reset();
    start.reset();
  }
  function backToForm() {
    setJobId(null);
    start.reset();
  }

  const state = job.data?.state;
  const step = jobId !== null ? (state && !isActive({ state }) ? 3 : 2) : look ? 1 : 0;
  return (
    <div className="wizard">
      <Steps
        size="small"
        current={step}
        status={state === 'failed' ? 'error' : undefined}
        items={[
          { title: t('import.stepFile') },
          { title: t('import.stepDescribe') },
          { title: t('import.stepRun') },
          { title: t('import.stepResult') },
        ]}
      />
      {step === 0 && (
        <ChooseFile
          file={file}
          busy={inspect.isPending}
          share={sent}
          failure={inspect.error}
          onChoose={choose}
        />
      )}
      {step === 1 && look && draft && file && (
        <Describe
          file={file}
          look={look}
          draft={draft}
          change={(part) => setDraft({ ...draft, ...part })}
          busy={start.isPending}
          share={sent}
          failure={start.error ? asProblem(start.error) : null}
          onBack={restart}
          onStart={() => start.mutate({ chosen: file, what: draft })}
        />
      )}
      {step >= 2 &&
        (job.isError ? (
          <Failed cause={job.error} retry={() => job.refetch()} />
        ) : job.data && file && draft ? (
          <Outcome
            job={job.data}
            fileName={file.name}
            draft={draft}
            change={(part) => setDraft({ ...draft, ...part })}
            onAgain={backToForm}
            onConfirmed={(confirm) => {
              const what = { ...draft, confirm };
              setDraft(what);
              setJobId(null);
              start.mutate({ chosen: file, what });
            }}
            onRestart={restart}
            onClose={onClose}
          />
        ) : (
          <Loading />
        ))}
    </div>
  );
}

/** firstDraft is what the server suggests; the reference system is only taken from the file itself. */
function firstDraft(look: Inspection, fileName: string): Draft {
  const kind = isKind(look.suggested.kind) ? look.suggested.kind : 'boundaries';
  return {
    kind,
    preset: look.suggested.preset ?? '',
    level: look.suggested.level ?? '',
    crs: look.suggested.crs || look.crs_hint || '',
    mapping: cleanMapping(look.suggested.fields ?? {}, look.columns ?? []),
    source: fileName.replace(/\.[^.]*$/, ''),
    full: false,
    dryRun: false,
    spread: false,
    confirm: '',
  };
}

function formOf(file: File, draft: Draft, look: Inspection | null): FormData {
  const form = new FormData();
  form.append('kind', draft.kind);
  form.append('crs', isPlaced(draft.kind) ? draft.crs : 'EPSG:4326');
  if (draft.kind === 'boundaries') {
    form.append('preset', draft.preset);
    form.append('level', draft.level);
  }
  const mapping = cleanMapping(draft.mapping, look?.columns ?? []);
  if (Object.keys(mapping).length > 0) form.append('fields', JSON.stringify(mapping));
  if (isTable(draft.kind)) {
    if (isNamed(draft.kind)) form.append('source', draft.source.trim());
    if (isLedger(draft.kind) && draft.full) form.append('full', 'true');
    if (draft.kind === 'demand' && draft.spread) form.append('spread', 'true');
    if (draft.dryRun) form.append('dry_run', 'true');
  }
  if (draft.confirm.trim()) form.append('confirm', draft.confirm.trim());
  form.append('file', file);
  return form;
}

function ChooseFile(props: {
  file: File | null;
  busy: boolean;
  share: number;
  failure: unknown;
  onChoose: (file: File) => void;
}) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const language = useLanguage();
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) props.onChoose(file);
  };
  return (
    <section aria-label={t('import.stepFile')}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is an addition to the button inside */}
      <div
        className={over ? 'drop drop-over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <InboxOutlined className="drop-icon" aria-hidden="true" />
        <p>{t('import.drop')}</p>
        <Button type="primary" loading={props.busy} onClick={() => input.current?.click()}>
          {t('import.choose')}
        </Button>
        <p className="soft">{t('import.formats')}</p>
        <input
          ref={input}
          type="file"
          className="off-screen"
          tabIndex={-1}
          aria-label={t('import.choose')}
          accept={ACCEPT}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) props.onChoose(file);
            event.target.value = '';
          }}
        />
      </div>
      {props.busy && props.file && (
        <p role="status">
          {t('import.reading', { name: props.file.name, size: fileSize(props.file.size, language) })}{' '}
          <span className="figures">{Math.round(props.share * 100)}%</span>
        </p>
      )}
      {Boolean(props.failure) && <Failed cause={props.failure} />}
      <p className="soft">{t('import.privacy')}</p>
    </section>
  );
}

function Describe(props: {
  file: File;
  look: Inspection;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  busy: boolean;
  share: number;
  failure: Problem | null;
  onBack: () => void;
  onStart: () => void;
}) {
  const { t } = useTranslation();
  const { draft, look, change } = props;
  const language = useLanguage();
  const missing = missingFields(draft.kind, draft.mapping);
  const lacks =
    (isPlaced(draft.kind) && draft.crs === '') ||
    (draft.kind === 'boundaries' && (!draft.preset || !draft.level)) ||
    (isNamed(draft.kind) && !draft.source.trim()) ||
    missing.length > 0;
  return (
    <form
      className="describe"
      onSubmit={(event) => {
        event.preventDefault();
        if (!lacks) props.onStart();
      }}
    >
      <p className="file-line">
        <strong>{props.file.name}</strong>
        <span className="soft">
          {look.format} · {t('import.rows', { count: look.rows })} · {fileSize(props.file.size, language)}
        </span>
      </p>
      {(look.personal ?? []).length > 0 && (
        <Alert
          type="success"
          showIcon
          title={t('import.personal')}
          description={(look.personal ?? []).join('、')}
        />
      )}
      <KindChoice kind={draft.kind} onChange={(kind) => change({ kind })} />
      {draft.kind === 'boundaries' && <LevelChoice draft={draft} change={change} />}
      {isPlaced(draft.kind) && <SystemChoice draft={draft} hint={look.crs_hint} change={change} />}
      {isTable(draft.kind) && <TableOptions draft={draft} change={change} />}
      {draft.kind !== 'osm' && <Mapping draft={draft} look={look} change={change} missing={missing} />}
      <Sample look={look} />
      {props.failure && <GuardOrFailure problem={props.failure} />}
      <div className="wizard-buttons">
        <Button onClick={props.onBack}>{t('import.otherFile')}</Button>
        <Button type="primary" htmlType="submit" disabled={lacks} loading={props.busy}>
          {props.busy ? `${Math.round(props.share * 100)}%` : t(draft.dryRun ? 'import.try' : 'import.start')}
        </Button>
      </div>
    </form>
  );
}

function KindChoice({ kind, onChange }: { kind: Kind; onChange: (kind: Kind) => void }) {
  const { t } = useTranslation();
  return (
    <fieldset className="choice">
      <legend>{t('import.kind')}</legend>
      <Radio.Group
        value={kind}
        onChange={(event) => onChange(event.target.value as Kind)}
        options={KINDS.map((value) => ({ value, label: t(`importKind.${value}`) }))}
      />
    </fieldset>
  );
}

type Change = (part: Partial<Draft>) => void;

function LevelChoice({ draft, change }: { draft: Draft; change: Change }) {
  const { t } = useTranslation();
  const presets = usePresets();
  const levels = useLevels().data;
  const title = useTitle();
  const preset = presets.data?.find((one) => one.code === draft.preset);
  const presetId = useId();
  const levelId = useId();
  return (
    <div className="form-pair">
      <div className="form-row">
        <label htmlFor={presetId}>{t('import.preset')}</label>
        <Select
          id={presetId}
          value={draft.preset || undefined}
          loading={presets.isPending}
          onChange={(code) => change({ preset: code, level: '' })}
          options={presets.data?.map((one) => ({ value: one.code, label: title(one, one.code) }))}
          popupMatchSelectWidth={false}
        />
      </div>
      <div className="form-row">
        <label htmlFor={levelId}>{t('import.level')}</label>
        <Select
          id={levelId}
          value={draft.level || undefined}
          onChange={(level) => change({ level })}
          options={preset?.levels.map((one) => ({
            value: one.level,
            label: title(
              levels?.find((level) => level.code === one.level),
              one.level,
            ),
          }))}
        />
      </div>
    </div>
  );
}

function SystemChoice({ draft, hint, change }: { draft: Draft; hint: string; change: Change }) {
  const { t } = useTranslation();
  const systems = useSystems();
  const language = useLanguage();
  const id = useId();
  return (
    <div className="form-row">
      <label htmlFor={id}>
        {t('import.crs')} <span className="required">{t('common.required')}</span>
      </label>
      <Select
        id={id}
        showSearch={{ optionFilterProp: 'label' }}
        value={draft.crs || undefined}
        placeholder={t('import.crsChoose')}
        loading={systems.isPending}
        onChange={(crs) => change({ crs })}
        options={systems.data?.map((system) => ({
          value: system.code,
          label: `${language === 'en' ? system.title : system.title_zh} · ${system.code}`,
        }))}
      />
      <p className="hint">
        {hint ? t('import.crsFromFile', { crs: hint }) : t('import.crsHint')} {t('import.crsWhy')}
      </p>
    </div>
  );
}

function TableOptions({ draft, change }: { draft: Draft; change: Change }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <>
      {isNamed(draft.kind) && (
        <div className="form-row">
          <label htmlFor={id}>{t(draft.kind === 'demand' ? 'import.setName' : 'import.source')}</label>
          <Input id={id} value={draft.source} onChange={(event) => change({ source: event.target.value })} />
          <p className="hint">{t(draft.kind === 'demand' ? 'import.setHint' : 'import.sourceHint')}</p>
        </div>
      )}
      <div className="form-row">
        {isLedger(draft.kind) && (
          <Checkbox checked={draft.full} onChange={(event) => change({ full: event.target.checked })}>
            {t('import.full')}
          </Checkbox>
        )}
        {draft.kind === 'demand' && (
          <Checkbox checked={draft.spread} onChange={(event) => change({ spread: event.target.checked })}>
            {t('import.spread')}
          </Checkbox>
        )}
        <Checkbox checked={draft.dryRun} onChange={(event) => change({ dryRun: event.target.checked })}>
          {t('import.dryRun')}
        </Checkbox>
      </div>
    </>
  );
}

/** Mapping says which column of the file is which field of ours. */
function Mapping(props: { draft: Draft; look: Inspection; change: Change; missing: string[] }) {
  const { t } = useTranslation();
  const word = useWords();
  const { draft, look, change } = props;
  const columns = look.columns ?? [];
  const fields = [...new Set([...fieldsOf[draft.kind], ...Object.keys(draft.mapping)])];
  if (columns.length === 0) return null;
  return (
    <fieldset className="mapping">
      <legend>{t('import.mapping')}</legend>
      {fields.map((field) => (
        <div className="mapping-row" key={field}>
          <label htmlFor={`map-${field}`}>{word('field', field)}</label>
          <span aria-hidden="true">←</span>
          <Select
            id={`map-${field}`}
            allowClear
            showSearch
            size="small"
            placeholder={t(isTable(draft.kind) ? 'import.byName' : 'import.noColumn')}
            value={draft.mapping[field]}
            onChange={(column) => change({ mapping: { ...draft.mapping, [field]: column ?? '' } })}
            options={columns.map((column) => ({ value: column, label: column }))}
          />
        </div>
      ))}
      {props.missing.length > 0 && (
        <p className="warn-text">
          {t('import.needs', { fields: props.missing.map((field) => word('field', field)).join(' / ') })}
        </p>
      )}
    </fieldset>
  );
}

function Sample({ look }: { look: Inspection }) {
  const { t } = useTranslation();
  const rows = look.sample ?? [];
  const columns = look.columns ?? [];
  if (rows.length === 0 || columns.length === 0) return null;
  return (
    <details className="sample">
      <summary>{t('import.sample', { count: rows.length })}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable */}
      <section className="sample-scroll" tabIndex={0} aria-label={t('import.sample', { count: rows.length })}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file have no other name
              <tr key={index}>
                {columns.map((column) => (
                  <td key={column}>{row[column]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}

/** whyOf is the guard's explanation in the reader's language. */
export function whyOf(problem: Pick<Problem, 'detail' | 'errors'>, language: string): string {
  const chinese = problem.errors.find((error) => error.code === 'why_zh')?.detail;
  return (language === 'zh' && chinese) || problem.detail;
}

/** looksLike is the system that a refused file seems to be in, as a code; empty when none was named. */
export function looksLike(problem: Pick<Problem, 'errors'>): string {
  const named = problem.errors.find((error) => error.code === 'looks_like')?.detail;
  const said = problem.errors.find((error) => error.code === 'crs_mismatch')?.detail ?? '';
  return named ?? /looks like (\S+)/.exec(said)?.[1] ?? '';
}

function GuardOrFailure({ problem }: { problem: Problem }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (problem.code !== 'crs_mismatch' && problem.code !== 'crs_unchecked') return <Failed cause={problem} />;
  return (
    <Alert
      type={problem.code === 'crs_mismatch' ? 'error' : 'warning'}
      showIcon
      title={t(problem.code === 'crs_mismatch' ? 'guard.mismatch' : 'guard.unchecked')}
      description={whyOf(problem, language)}
    />
  );
}

function Outcome(props: {
  job: Job;
  fileName: string;
  draft: Draft;
  change: Change;
  onAgain: () => void;
  onConfirmed: (reason: string) => void;
  onRestart: () => void;
  onClose: () => void;
}) {
  const { job } = props;
  if (isActive(job)) return <JobProgress job={job} />;
  if (job.state === 'failed')
    return <Refused {...props} problem={problemOf(job.problem?.status ?? 500, job.problem)} />;
  if (job.state === 'cancelled') return <Cancelled {...props} />;
  return <Done {...props} />;
}

function Cancelled({ onAgain }: { onAgain: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert
      type="info"
      showIcon
      title={t('jobState.cancelled')}
      action={<Button onClick={onAgain}>{t('import.back')}</Button>}
    />
  );
}

/** Refused explains a failed import; a doubtful reference system can be corrected or confirmed. */
function Refused(props: {
  problem: Problem;
  draft: Draft;
  change: Change;
  onAgain: () => void;
  onConfirmed: (reason: string) => void;
}) {
  const { t } = useTranslation();
  const { problem } = props;
  const [reason, setReason] = useState('');
  const like = looksLike(problem);
  const id = useId();
  return (
    <section>
      <GuardOrFailure problem={problem} />
      {problem.code === 'crs_unchecked' && (
        <div className="form-row">
          <label htmlFor={id}>{t('guard.reason')}</label>
          <Input.TextArea
            id={id}
            rows={2}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <p className="hint">{t('guard.reasonHint')}</p>
        </div>
      )}
      <div className="wizard-buttons">
        <Button onClick={props.onAgain}>{t('import.back')}</Button>
        {like && (
          <Button
            type="primary"
            onClick={() => {
              props.change({ crs: like });
              props.onAgain();
            }}
          >
            {t('guard.useLike', { crs: like })}
          </Button>
        )}
        {problem.code === 'crs_unchecked' && (
          <Button type="primary" disabled={!reason.trim()} onClick={() => props.onConfirmed(reason)}>
            {t('guard.confirm')}
          </Button>
        )}
      </div>
    </section>
  );
}

function Done(props: {
  job: Job;
  fileName: string;
  onAgain: () => void;
  onRestart: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [, setView] = useView();
  const result = props.job.result;
  const report = isTallied(result?.report) ? result.report : null;
  const plan = result?.plan_id;
  return (
    <section>
      {plan ? (
        <Alert type="success" showIcon title={t('import.draftMade')} description={t('import.draftHint')} />
      ) : (
        <Alert type="success" showIcon title={t('import.done')} />
      )}
      {report && <ReportView report={report} name={props.fileName} />}
      <div className="wizard-buttons">
        {report?.dry_run && <Button onClick={props.onAgain}>{t('import.back')}</Button>}
        <Button onClick={props.onRestart}>{t('import.another')}</Button>
        {plan ? (
          <Button
            type="primary"
            onClick={() => {
              setView({ panel: 'data', plan });
              usePage.setState({ drawer: true });
              props.onClose();
            }}
          >
            {t('import.openDraft')}
          </Button>
        ) : (
          <Button type="primary" onClick={props.onClose}>
            {t('common.close')}
          </Button>
        )}
      </div>
    </section>
  );
}

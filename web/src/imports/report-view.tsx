import { DownloadOutlined } from '@ant-design/icons';
import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../api/types';
import { Figure } from '../card/card';
import { count, useLanguage, useWords } from '../common/format';
import { type Column, DataTable } from '../common/table';
import { download, reasonOf, refusalsCSV, type Tallied, tallies } from './report';

/** Figures that ask for attention when they are not zero. */
const attention = new Set(['outside', 'unplaced', 'refused', 'absent']);

/** ReportView shows what became of each row of a table. */
export function ReportView({ report, name }: { report: Tallied; name: string }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const word = useWords();
  const refusals = report.refusals ?? [];
  const dropped =
    report.dropped_columns ??
    (report.dropped ?? []).map(({ header, reason }) => ({ column: header, reason }));
  const absent = report.absent_ids ?? [];
  const columns: Column<Refusal>[] = [
    {
      key: 'line',
      title: t('report.line'),
      figures: true,
      compare: (a, b) => a.line - b.line,
      cell: (row) => row.line,
    },
    { key: 'column', title: t('report.column'), cell: (row) => row.column || word('field', row.field) },
    { key: 'value', title: t('report.value'), cell: (row) => <span className="figures">{row.value}</span> },
    {
      key: 'reason',
      title: t('report.reason'),
      compare: (a, b) => (a.reason_code < b.reason_code ? -1 : Number(a.reason_code > b.reason_code)),
      cell: (row) => reasonOf(row, language),
    },
  ];
  const save = () => {
    const header = [
      t('report.line'),
      t('report.column'),
      t('report.value'),
      t('report.code'),
      t('report.reason'),
    ];
    download(`${name}-${t('report.refused')}.csv`, refusalsCSV(refusals, header, language));
  };
  return (
    <section className="report" aria-label={t('report.title')}>
      {report.dry_run && <Alert type="info" showIcon title={t('report.dryRun')} />}
      <dl className="figures-grid">
        {tallies
          .filter((tally) => report[tally] !== undefined)
          .map((tally) => (
            <Figure
              key={tally}
              name={t(`report.${tally}`)}
              value={count(report[tally], language)}
              warn={attention.has(tally) && (report[tally] ?? 0) > 0}
            />
          ))}
      </dl>
      {dropped.length > 0 && (
        <Alert
          type="success"
          showIcon
          title={t('report.dropped')}
          description={dropped.map((one) => `${one.column} (${word('personal', one.reason)})`).join('、')}
        />
      )}
      {refusals.length > 0 && (
        <>
          <div className="report-head">
            <h3>{t('report.refusedRows')}</h3>
            <Button size="small" icon={<DownloadOutlined aria-hidden="true" />} onClick={save}>
              CSV
            </Button>
          </div>
          <DataTable<Refusal>
            label={t('report.refusedRows')}
            columns={columns}
            rows={refusals}
            rowKey={(row) => `${row.line}${row.field}${row.reason_code}`}
            pageSize={10}
          />
          {(report.refused ?? 0) > refusals.length && (
            <p className="soft">{t('report.first', { count: refusals.length })}</p>
          )}
        </>
      )}
      {absent.length > 0 && (
        <details>
          <summary>{t('report.absentRows', { count: report.absent })}</summary>
          <p className="figures soft">{absent.join(', ')}</p>
        </details>
      )}
    </section>
  );
}

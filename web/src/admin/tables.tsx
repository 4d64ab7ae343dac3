// Lists of settings that people keep in a spreadsheet: downloaded, changed, and taken back
// after a look at what would become of them.
import { DownloadOutlined, UploadOutlined } from '@ant-design/icons';
import { Alert, App, Button, Modal } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { upload } from '../api/client';
import type { components } from '../api/schema';
import { count, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { useChange } from './common';

type Taken = components['schemas']['TableReport'];

const TABLES = ['categories', 'cadences', 'holidays'] as const;
type Table = (typeof TABLES)[number];

const FIGURES = ['rows', 'added', 'changed', 'unchanged', 'removed'] as const;

const addressOf = (table: Table) => `/api/v1/settings/tables/${table}`;

function send(table: Table, file: File, dryRun: boolean): Promise<Taken> {
  const form = new FormData();
  if (dryRun) form.append('dry_run', 'true');
  form.append('file', file);
  return upload<Taken>(addressOf(table), form);
}

/** Tried is a file with what would become of it, or why it cannot be taken. */
type Tried = { table: Table; file: File; taken?: Taken; cause?: unknown };

export function SettingsTables() {
  const { t } = useTranslation();
  const [tried, setTried] = useState<Tried | null>(null);
  const attempt = async (table: Table, file: File) => {
    try {
      setTried({ table, file, taken: await send(table, file, true) });
    } catch (cause) {
      setTried({ table, file, cause });
    }
  };
  return (
    <section className="admin-card" aria-labelledby="settings-tables">
      <h2 id="settings-tables">{t('switches.tables')}</h2>
      <p className="soft">{t('switches.tablesHint')}</p>
      {TABLES.map((table) => (
        <TableRow key={table} table={table} onFile={(file) => attempt(table, file)} />
      ))}
      {tried && <Attempt tried={tried} onClose={() => setTried(null)} />}
    </section>
  );
}

function TableRow({ table, onFile }: { table: Table; onFile: (file: File) => Promise<void> }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const name = t(`switches.table.${table}`);
  return (
    <div className="admin-card-head">
      <div className="admin-table">
        <h3>{name}</h3>
        <p className="soft">{t(`switches.tableHint.${table}`)}</p>
      </div>
      <Button
        href={addressOf(table)}
        download
        icon={<DownloadOutlined aria-hidden="true" />}
        aria-label={t('switches.tableGet', { name })}
      >
        {t('switches.get')}
      </Button>
      <Button
        icon={<UploadOutlined aria-hidden="true" />}
        loading={busy}
        aria-label={t('switches.tableTake', { name })}
        onClick={() => input.current?.click()}
      >
        {t('switches.take')}
      </Button>
      <input
        ref={input}
        type="file"
        className="off-screen"
        tabIndex={-1}
        aria-label={t('switches.tableTake', { name })}
        accept=".csv,.txt,.tsv,.xlsx"
        onChange={async (event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (!file) return;
          setBusy(true);
          await onFile(file);
          setBusy(false);
        }}
      />
    </div>
  );
}

/** Attempt shows what would become of a file, and takes it when somebody agrees. */
function Attempt({ tried, onClose }: { tried: Tried; onClose: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { message } = App.useApp();
  const { table, file, taken, cause } = tried;
  const nothing = taken && taken.added + taken.changed + taken.removed === 0;
  const take = useChange(async () => {
    await send(table, file, false);
    message.success(t('switches.saved'));
    onClose();
  }, ['incident-categories', 'incidents', 'audit']);
  return (
    <Modal
      open
      getContainer={overlays}
      title={`${t(`switches.table.${table}`)} · ${file.name}`}
      onCancel={onClose}
      okText={t('switches.agree')}
      cancelText={taken && !nothing ? undefined : t('common.close')}
      okButtonProps={{ style: taken && !nothing ? undefined : { display: 'none' }, loading: take.isPending }}
      onOk={() => take.mutate(undefined)}
    >
      {cause !== undefined && <Failed cause={cause} />}
      {taken && (
        <>
          <Alert type="info" showIcon title={t(nothing ? 'switches.same' : 'switches.look')} />
          <dl className="admin-facts">
            {FIGURES.filter((figure) => figure !== 'removed' || table === 'holidays').map((figure) => (
              <div key={figure}>
                <dt>{t(`switches.taken.${figure}`)}</dt>
                <dd className="figures">{count(taken[figure], language)}</dd>
              </div>
            ))}
          </dl>
          {(taken.unknown ?? []).length > 0 && (
            <p className="soft">{t('switches.unknown', { columns: (taken.unknown ?? []).join('、') })}</p>
          )}
          {(taken.dropped ?? []).length > 0 && (
            <p className="soft">
              {t('switches.dropped', {
                columns: (taken.dropped ?? []).map(({ header }) => header).join('、'),
              })}
            </p>
          )}
        </>
      )}
    </Modal>
  );
}

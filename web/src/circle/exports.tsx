// Results as files. The server writes them by the same rules as the page: what is
// rounded or hidden here is so there.
import { DownloadOutlined } from '@ant-design/icons';
import { Button, Popover } from 'antd';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { API } from '../api/client';
import type { operations } from '../api/schema';
import { overlays } from '../common/overlays';
import { type Shown, useShown } from './shown';

type Asked = NonNullable<operations['export-circle']['parameters']['query']>;
type What = NonNullable<Asked['what']>;
type Format = NonNullable<Asked['format']>;

const FORMATS: readonly Format[] = ['csv', 'xlsx', 'geojson', 'gpkg', 'parquet', 'png', 'pdf'];
const WHATS: readonly What[] = ['units', 'cells', 'points', 'uncovered', 'change'];

/** formatsOf are the formats of a result; lists of households are not drawn as maps. */
export const formatsOf = (what: What): readonly Format[] =>
  FORMATS.filter((format) => what !== 'uncovered' || (format !== 'png' && format !== 'pdf'));

/** exportAddress is where the server writes a result out. */
export function exportAddress(
  shown: Pick<Shown, 'column' | 'level' | 'before'> & { run: { id: number } },
  what: What,
  format: Format,
): string {
  const query = new URLSearchParams({ what, format, column: String(shown.column) });
  if ((what === 'units' || what === 'change') && shown.level) query.set('level', shown.level);
  if (what === 'change' && shown.before) query.set('before', String(shown.before));
  return `${API}/circles/${shown.run.id}/export?${query}`;
}

export function Exports() {
  const { t } = useTranslation();
  const may = useMay();
  const shown = useShown();
  const { run, before } = shown;
  if (!may('export') || !run) return null;
  const offered = WHATS.filter(
    (what) =>
      (what !== 'uncovered' || (may('place') && run.params.demand === 0)) && (what !== 'change' || before),
  );
  return (
    <Popover
      trigger="click"
      placement="topRight"
      getPopupContainer={overlays}
      content={
        <ul className="exports circle-exports">
          {offered.map((what) => (
            <li key={what}>
              <span>{t(`circle.export.${what}`)}</span>
              {formatsOf(what).map((format) => (
                <a
                  key={format}
                  href={exportAddress({ ...shown, run }, what, format)}
                  download
                  aria-label={t('data.exportAs', {
                    what: t(`circle.export.${what}`),
                    format: FORMAT_NAME[format],
                  })}
                >
                  {FORMAT_NAME[format]}
                </a>
              ))}
            </li>
          ))}
        </ul>
      }
    >
      <Button size="small" icon={<DownloadOutlined aria-hidden="true" />}>
        {t('circle.export.title')}
      </Button>
    </Popover>
  );
}

const FORMAT_NAME: Record<Format, string> = {
  csv: 'CSV',
  xlsx: 'XLSX',
  geojson: 'GeoJSON',
  gpkg: 'GeoPackage',
  parquet: 'GeoParquet',
  png: 'PNG',
  pdf: 'PDF',
};

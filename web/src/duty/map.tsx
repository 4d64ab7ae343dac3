// The map of the duty room: roughly where posts are on duty, or how fresh what is known is.
import { Segmented } from 'antd';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import UnitMap, { type Style } from '../admin/unit-map';
import { Swatch } from '../common/swatch';
import { unwashed } from '../incidents/overlay';
import { useLive } from '../live/use-live';
import { usePalette } from '../theme/theme';
import { useVersion } from './queries';
import { CLASSES, classColours, SHARES, withDuty, withFreshCells, withFreshness } from './style';
import { LAYERS, type Layer, useDutyView } from './view';

export default function DutyMap(props: { unit: string | null; onUnit: (code: string | null) => void }) {
  const { t } = useTranslation();
  const p = usePalette();
  const [view, set] = useDutyView();
  const versions = {
    duty: '1', // it is told, and no tile
    freshness: useVersion('freshness', view.show === 'freshness'),
    freshness_cells: useVersion('freshness_cells', view.show === 'freshness_cells'),
  };
  const show = versions[view.show] ? view.show : 'duty';
  const version = versions[show];
  const shown = LAYERS.filter((layer) => versions[layer]);
  const { posts } = useLive().picture;
  const overlay = useCallback(
    (style: Style) =>
      show === 'duty'
        ? withDuty(unwashed(style), posts, p)
        : show === 'freshness'
          ? withFreshness(unwashed(style), p, version)
          : withFreshCells(unwashed(style), p, version),
    [show, version, posts, p],
  );
  return (
    <section className="duty-map" aria-label={t('duty.map')}>
      <Segmented<Layer>
        aria-label={t('duty.layers')}
        value={show}
        onChange={(next) => set({ show: next })}
        options={shown.map((value) => ({ value, label: t(`duty.layer.${value}`) }))}
      />
      <UnitMap
        label={t('duty.map')}
        chosen={props.unit}
        onChoose={(code) => props.onUnit(props.unit === code ? null : code)}
        overlay={overlay}
      />
      <Legend show={show} />
    </section>
  );
}

function Legend({ show }: { show: Layer }) {
  const { t } = useTranslation();
  const p = usePalette();
  const colours = classColours(p);
  const percent = (share: number) => `${Math.round(share * 100)}%`;
  if (show === 'duty')
    return (
      <p className="hint">
        <Swatch colour={p.accent} /> {t('duty.cell')} · {t('duty.mapHint')}
      </p>
    );
  return (
    <>
      <ul className="admin-legend figures" aria-label={t(`duty.freshness.${show}`)}>
        {show === 'freshness'
          ? CLASSES.map((one) => (
              <li key={one}>
                <Swatch colour={colours[one]} /> {t(`duty.freshness.class.${one}`)}
              </li>
            ))
          : SHARES.map((from, i) => (
              <li key={from}>
                <Swatch colour={p.cells[i] ?? 'none'} />{' '}
                {i === 0 ? t('duty.freshness.noneSeen') : `${percent(from)}–${percent(SHARES[i + 1] ?? 1)}`}
              </li>
            ))}
      </ul>
      <p className="hint">{t(`duty.freshness.${show}`)}</p>
    </>
  );
}

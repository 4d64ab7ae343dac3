// Units on the map, darker where more rules of the staffing template are broken.
import { Select } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLevels } from '../api/queries';
import { useTitle } from '../common/format';
import { overlays } from '../common/overlays';
import { Swatch } from '../common/swatch';
import { chooseLevel, usedLevels } from '../map/level';
import { usePalette } from '../theme/theme';
import UnitMap from './unit-map';

/** The classes of the legend: from this many on. */
export const CLASSES = [1, 3, 6, 11, 21] as const;

/** classOf is the class of a count, from 0; -1 is none at all. */
export const classOf = (count: number): number => CLASSES.findLastIndex((from) => count >= from);

export default function VacancyMap(props: {
  broken: ReadonlyMap<string, number>;
  chosen: string | null;
  onChoose: (unit: string) => void;
}) {
  const { t } = useTranslation();
  const title = useTitle();
  const palette = usePalette();
  const levels = usedLevels(useLevels().data ?? []);
  const [asked, setAsked] = useState<string | null>(null);
  const { broken } = props;
  const tints = useMemo(
    () =>
      CLASSES.map((_, index) => ({
        colour: palette.cells[index] ?? palette.accent,
        units: [...broken].filter(([, count]) => classOf(count) === index).map(([unit]) => unit),
      })),
    [broken, palette],
  );
  return (
    <>
      <Select
        className="admin-choice"
        aria-label={t('levels.title')}
        getPopupContainer={overlays}
        value={chooseLevel(levels, asked)}
        onChange={setAsked}
        options={levels.map((level) => ({ value: level.code, label: title(level, level.code) }))}
      />
      <UnitMap
        level={asked}
        tints={tints}
        chosen={props.chosen}
        onChoose={props.onChoose}
        label={t('admin.vacancy.map')}
      />
      <ul className="admin-legend" aria-label={t('admin.vacancy.legend')}>
        <li>
          <Swatch colour="none" /> 0
        </li>
        {CLASSES.map((from, index) => {
          const next = CLASSES[index + 1];
          return (
            <li key={from} className="figures">
              <Swatch colour={palette.cells[index] ?? palette.accent} />{' '}
              {next ? `${from}–${next - 1}` : `≥ ${from}`}
            </li>
          );
        })}
        <li className="soft">{t('admin.vacancy.legend')}</li>
      </ul>
    </>
  );
}

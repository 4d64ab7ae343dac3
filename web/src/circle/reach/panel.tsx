// The reach tool: where one can walk from a place within the minutes of a standard, or
// from where one can walk there. The place is that of the address, so that a link shows
// the same; the marker on the map can be dragged, and the answer follows.
import './reach.css';
import { AimOutlined, DeleteOutlined } from '@ant-design/icons';
import { Alert, Button, Checkbox, Segmented } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { LonLat } from '../../api/types';
import { Failed, Loading, Nothing } from '../../common/states';
import { Swatch } from '../../common/swatch';
import { usePalette, useTheme } from '../../theme/theme';
import { usePage } from '../../view/store';
import { setView, useView } from '../../view/url';
import { useChoice } from '../choice';
import { StandardFields } from '../coverage';
import { setOverlay, useExtras } from '../linked';
import { colours } from '../ramp';
import { useNumbers } from '../words';
import { useMarker } from './marker';
import { overlayOfReach, type Reached, useReach, useReachChoice } from './questions';

export default function ReachPanel() {
  const { t } = useTranslation();
  const map = usePage((page) => page.map);
  const [{ place }] = useView();
  const { theme } = useTheme();
  const palette = usePalette();
  const standard = useChoice((choice) => choice.standard);
  const reach = useReach(place, standard);
  const put = (at: LonLat) => setView({ place: at });
  useMarker(map, place, palette.accent, t('reach.marker'), put);
  useClicks(put);

  const drawn = place && reach.data;
  useEffect(() => {
    setOverlay('reach', drawn ? overlayOfReach(drawn, theme) : null);
  }, [drawn, theme]);
  useEffect(() => () => setOverlay('reach', null), []);

  return (
    <div className="block circle-form">
      <p className="hint">{t('reach.start')}</p>
      <div className="reach-place">
        <Button
          icon={<AimOutlined aria-hidden="true" />}
          disabled={!map}
          onClick={() => {
            const centre = map?.getCenter();
            if (centre) put([centre.lng, centre.lat]);
          }}
        >
          {t('reach.here')}
        </Button>
        {place && (
          <Button
            type="text"
            icon={<DeleteOutlined aria-hidden="true" />}
            onClick={() => setView({ place: null })}
          >
            {t('reach.clear')}
          </Button>
        )}
      </div>
      <StandardFields />
      <How />
      {place === null && <Nothing title={t('reach.start')} />}
      {place && reach.isError && <Failed cause={reach.error} retry={() => reach.refetch()} />}
      {place && reach.isPending && <Loading />}
      {place && reach.data && !reach.isError && <Contours reached={reach.data} />}
    </div>
  );
}

/** useClicks takes the clicks on the map while the tool is open. */
function useClicks(put: (at: LonLat) => void): void {
  useEffect(() => {
    const pick = (at: LonLat) => {
      put(at);
      return true;
    };
    useExtras.setState({ pick });
    return () => useExtras.setState((extras) => (extras.pick === pick ? { pick: null } : extras));
  });
}

function How() {
  const { t } = useTranslation();
  const { direction, streets } = useReachChoice();
  return (
    <>
      <fieldset className="form-row">
        <legend>{t('reach.direction.title')}</legend>
        <Segmented<'from' | 'towards'>
          block
          aria-label={t('reach.direction.title')}
          value={direction}
          onChange={(next) => useReachChoice.setState({ direction: next })}
          options={[
            { value: 'from', label: t('reach.direction.from') },
            { value: 'towards', label: t('reach.direction.towards') },
          ]}
        />
      </fieldset>
      <Checkbox
        checked={streets}
        onChange={(event) => useReachChoice.setState({ streets: event.target.checked })}
      >
        {t('reach.streets')}
      </Checkbox>
    </>
  );
}

/** Contours are the figures of an answer, in the colours of the map. */
function Contours({ reached }: { reached: Reached }) {
  const { t } = useTranslation();
  const { theme } = useTheme();
  const numbers = useNumbers();
  const contours = reached.contours ?? [];
  const steps = colours('reach', Math.max(contours.length, 1), theme);
  if (reached.reason !== 'reached' && reached.reason !== 'behind_wall') {
    return <Alert type="warning" showIcon title={t(`reach.reason.${reached.reason}`)} />;
  }
  const km = contours.some((contour) => contour.km !== undefined);
  return (
    <>
      <table className="table reach-contours" aria-label={t('reach.contours')}>
        <thead>
          <tr>
            <th scope="col">{t('reach.contours')}</th>
            <th scope="col">{t('reach.area')}</th>
            {km && <th scope="col">{t('reach.km')}</th>}
            {reached.counted && <th scope="col">{t('reach.households')}</th>}
          </tr>
        </thead>
        <tbody>
          {contours.map((contour, index) => (
            <tr key={contour.minutes}>
              <th scope="row">
                <Swatch colour={steps[index] ?? 'none'} />
                {t('reach.within', { minutes: numbers(contour.minutes, 1) })}
                <small> {t('reach.metres', { metres: numbers(contour.metres) })}</small>
              </th>
              <td className="figures">{numbers(contour.area_ha ?? 0, 1)}</td>
              {km && <td className="figures">{numbers(contour.km ?? 0, 1)}</td>}
              {reached.counted && <td className="figures">{numbers(contour.households ?? 0)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      {!reached.counted && <p className="hint">{t('reach.notCounted')}</p>}
      <p className="hint">
        {reached.snapped && t('reach.walk', { metres: numbers(reached.snapped.walk_m) })}
        {reached.snapped?.crosses && ` · ${t('reach.crosses')}`}
        {` · ${t('reach.network', { name: reached.network.file_name })}`}
      </p>
    </>
  );
}

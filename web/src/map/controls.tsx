// Buttons and figures on the map: zoom, north, the whole town, coordinates, who
// made the map.
import {
  AimOutlined,
  CompressOutlined,
  CopyOutlined,
  MinusOutlined,
  PlusOutlined,
  ReloadOutlined,
} from '@ant-design/icons';
import { App, Button, Tooltip } from 'antd';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStatus } from '../api/queries';
import type { LonLat } from '../api/types';
import { useCopy } from '../common/copy';
import { usePage } from '../view/store';
import { nothingSelected, useView } from '../view/url';
import { asBounds, goToBounds, goToPlace } from './camera';
import { formatPlace } from './coordinates';
import { retryTiles, useMapFailure } from './refresh';

export function MapControls() {
  const { t } = useTranslation();
  const map = usePage((page) => page.map);
  const town = asBounds(useStatus().data?.town?.bounds);
  if (!map) return null;
  return (
    <>
      <nav className="map-buttons" aria-label={t('map.controls')}>
        <MapButton
          title={t('map.zoomIn')}
          icon={<PlusOutlined aria-hidden="true" />}
          onClick={() => map.zoomIn()}
        />
        <MapButton
          title={t('map.zoomOut')}
          icon={<MinusOutlined aria-hidden="true" />}
          onClick={() => map.zoomOut()}
        />
        <North />
        {town && (
          <MapButton
            title={t('map.wholeTown')}
            icon={<CompressOutlined aria-hidden="true" />}
            onClick={() => goToBounds(town)}
          />
        )}
        <Locate />
      </nav>
      <div className="map-foot">
        <Readout />
        <Credit />
      </div>
      <Failure />
    </>
  );
}

function MapButton({ title, icon, onClick }: { title: string; icon: React.ReactNode; onClick: () => void }) {
  return (
    <Tooltip title={title} placement="left">
      <Button type="text" aria-label={title} icon={icon} onClick={onClick} />
    </Tooltip>
  );
}

/** North points north and turns the map back when pressed. */
function North() {
  const { t } = useTranslation();
  const map = usePage((page) => page.map);
  const [bearing, setBearing] = useState(0);
  useEffect(() => {
    if (!map) return;
    const turn = () => setBearing(map.getBearing());
    turn();
    map.on('rotate', turn);
    return () => {
      map.off('rotate', turn);
    };
  }, [map]);
  const needle = (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" style={{ rotate: `${-bearing}deg` }}>
      <path d="M12 2.5 8.2 12h7.6z" className="needle-north" />
      <path d="M12 21.5 8.2 12h7.6z" className="needle-south" />
      <text x="12" y="10.6" textAnchor="middle" className="needle-letter">
        N
      </text>
    </svg>
  );
  return <MapButton title={t('map.north')} icon={needle} onClick={() => map?.resetNorth()} />;
}

/** Locate shows where the reader is; browsers allow it over HTTPS only. */
function Locate() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [, setView] = useView();
  if (!window.isSecureContext || !navigator.geolocation) return null;
  const locate = () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const here: LonLat = [coords.longitude, coords.latitude];
        setView({ ...nothingSelected, place: here });
        goToPlace(here);
      },
      (reason) => message.warning(`${t('map.locateFailed')} (${reason.message})`),
      { enableHighAccuracy: true, timeout: 15_000 },
    );
  return <MapButton title={t('map.locate')} icon={<AimOutlined aria-hidden="true" />} onClick={locate} />;
}

function useCentre(): LonLat | null {
  const map = usePage((page) => page.map);
  const [centre, setCentre] = useState<LonLat | null>(null);
  useEffect(() => {
    if (!map) return;
    const read = () => setCentre([map.getCenter().lng, map.getCenter().lat]);
    read();
    map.on('moveend', read);
    return () => {
      map.off('moveend', read);
    };
  }, [map]);
  return centre;
}

/** Readout shows the coordinates under the pointer, or of the centre, and copies the latter. */
function Readout() {
  const { t } = useTranslation();
  const pointer = usePage((page) => page.pointer);
  const centre = useCentre();
  const copy = useCopy();
  const shown = pointer ?? centre;
  if (!shown || !centre) return null;
  return (
    <div className="map-readout">
      <span className="map-datum">WGS 84 / CGCS2000</span>
      <span className="figures">
        {pointer ? t('map.pointer') : t('map.centre')} {formatPlace(shown)}
      </span>
      <Tooltip title={t('map.copyCentre')}>
        <Button
          type="text"
          size="small"
          aria-label={t('map.copyCentre')}
          icon={<CopyOutlined aria-hidden="true" />}
          onClick={() => copy(formatPlace(centre))}
        />
      </Tooltip>
    </div>
  );
}

/** Credit names the source of the ground and the review number of the map. */
function Credit() {
  const { t } = useTranslation();
  const status = useStatus().data;
  if (!status) return null;
  return (
    <div className="map-credit">
      {status.attribution && <span>{status.attribution}</span>}
      <span>
        {t('map.reviewNumber')}
        {status.review_number || t('map.reviewNumberNone')}
      </span>
    </div>
  );
}

function Failure() {
  const { t } = useTranslation();
  const failure = useMapFailure((state) => state.message);
  if (!failure) return null;
  return (
    <div className="map-failure" role="status">
      <span>
        {t('map.tilesFailed')} <small className="figures">{failure}</small>
      </span>
      <Button size="small" icon={<ReloadOutlined aria-hidden="true" />} onClick={retryTiles}>
        {t('common.retry')}
      </Button>
    </div>
  );
}

// Things the whole page must know: no connection, an insecure address, a newer
// version, a household waiting for its place.
import { Alert, Button } from 'antd';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import { useStatus, useSuggestion } from '../api/queries';
import { usePlacing } from '../card/placing';
import { addressOf } from '../common/address';
import { useShortcuts } from '../common/keys';
import { goToPlace } from '../map/camera';
import { usePage } from '../view/store';

function useOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener('online', changed);
      window.addEventListener('offline', changed);
      return () => {
        window.removeEventListener('online', changed);
        window.removeEventListener('offline', changed);
      };
    },
    () => navigator.onLine,
  );
}

export function Banners() {
  return (
    <div className="banners">
      <Offline />
      <NewVersion />
      <Insecure />
      <Placing />
    </div>
  );
}

/** Offline says since when the server does not answer; what is on the page stays. */
function Offline() {
  const { t } = useTranslation();
  const online = useOnline();
  const status = useStatus();
  const failed = status.isError && asProblem(status.error).status === 0;
  if (online && !failed) return null;
  const since = status.dataUpdatedAt ? new Date(status.dataUpdatedAt).toLocaleTimeString() : null;
  return (
    <Alert
      type="warning"
      showIcon
      title={t(online ? 'banner.noServer' : 'banner.offline')}
      description={since ? t('banner.since', { time: since }) : undefined}
      action={
        <Button size="small" loading={status.isFetching} onClick={() => status.refetch()}>
          {t('common.retry')}
        </Button>
      }
    />
  );
}

/** NewVersion offers a reload, and never does it by itself. */
function NewVersion() {
  const { t } = useTranslation();
  const version = useStatus().data?.version;
  const first = useRef<string | undefined>(undefined);
  if (first.current === undefined) first.current = version;
  if (!version || version === first.current) return null;
  return (
    <Alert
      type="info"
      showIcon
      title={t('banner.newVersion', { version })}
      action={
        <Button size="small" onClick={() => location.reload()}>
          {t('banner.reload')}
        </Button>
      }
    />
  );
}

function Insecure() {
  const { t } = useTranslation();
  const [hidden, setHidden] = useState(false);
  if (window.isSecureContext || hidden) return null;
  return (
    <Alert
      type="warning"
      showIcon
      closable={{ onClose: () => setHidden(true) }}
      title={t('banner.insecure')}
    />
  );
}

/** Placing reminds of the household that the next click gives a place to, and says where it may be. */
function Placing() {
  const { t } = useTranslation();
  const placing = usePage((page) => page.placing);
  const map = usePage((page) => page.map);
  const household = placing?.household;
  const suggestion = useSuggestion(placing?.action === 'place' ? (household?.id ?? null) : null).data;
  const place = usePlacing();
  const stop = () => usePage.setState({ placing: null });
  useShortcuts(placing ? [{ key: 'Escape', run: stop }] : []);
  useEffect(() => {
    if (placing) map?.getCanvas().focus({ preventScroll: true });
  }, [placing, map]);
  const [lon, lat] = suggestion?.point ?? [];
  const known = lon !== undefined && lat !== undefined;
  useEffect(() => {
    if (known) goToPlace([lon, lat], 18);
  }, [known, lon, lat]);
  if (!household) return null;
  return (
    <Alert
      type="info"
      className="banner-placing"
      showIcon
      title={t('banner.placing', { address: addressOf(household) })}
      description={t('banner.placingHint')}
      action={
        <div className="banner-buttons">
          {known && suggestion && (
            <Button size="small" type="primary" onClick={() => place([lon, lat])}>
              {t('banner.suggestion', { sure: Math.round(suggestion.confidence * 100) })}
            </Button>
          )}
          <Button size="small" onClick={stop}>
            {t('common.cancel')}
          </Button>
        </div>
      }
    />
  );
}

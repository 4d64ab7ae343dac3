// Things the whole page must know: no connection, an insecure address, a newer
// version, a household waiting for its place.
import { Alert, Button } from 'antd';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import { useStatus } from '../api/queries';
import { addressOf } from '../common/address';
import { useShortcuts } from '../common/keys';
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
  const insecure = useStatus().data?.insecure ?? false;
  const [hidden, setHidden] = useState(false);
  if ((!insecure && window.isSecureContext) || hidden) return null;
  return (
    <Alert
      type="warning"
      showIcon
      closable={{ onClose: () => setHidden(true) }}
      title={t('banner.insecure')}
    />
  );
}

/** Placing reminds of the household that the next click gives a place to. */
function Placing() {
  const { t } = useTranslation();
  const placing = usePage((page) => page.placing);
  const map = usePage((page) => page.map);
  const stop = () => usePage.setState({ placing: null });
  useShortcuts([{ key: 'Escape', run: stop }]);
  useEffect(() => {
    if (placing) map?.getCanvas().focus({ preventScroll: true });
  }, [placing, map]);
  if (!placing) return null;
  return (
    <Alert
      type="info"
      className="banner-placing"
      showIcon
      title={t('banner.placing', { address: addressOf(placing.household) })}
      description={t('banner.placingHint')}
      action={
        <Button size="small" onClick={stop}>
          {t('common.cancel')}
        </Button>
      }
    />
  );
}

// Things the whole page must know: no connection, an insecure address, a newer
// version, a household waiting for its place.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button } from 'antd';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';
import { type Permission, useMay, useSession } from '../account/session';
import { answer, api, asProblem } from '../api/client';
import { type List, useStatus, useSuggestion } from '../api/queries';
import type { components } from '../api/schema';
import { usePlacing } from '../card/placing';
import { addressOf } from '../common/address';
import { elapsed } from '../common/format';
import { useShortcuts } from '../common/keys';
import { remember } from '../common/storage';
import { goToPlace } from '../map/camera';
import { StoppedPlans } from '../plan/stopped';
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
      <BreakGlass />
      <DemoAdministrator />
      <Stopped />
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

type Access = components['schemas']['Access'];
/** How often the page looks whether an access beyond posts has been given or ended. */
const ACCESS_EVERY = 60_000;

/** BreakGlass says that one sees beyond one's posts, for how long still, and offers to end it. */
function BreakGlass() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const account = useSession().data?.account;
  const [now, setNow] = useState(Date.now);
  const open = useQuery({
    queryKey: ['break-glass', 'mine'],
    queryFn: ({ signal }) => answer<List<Access>>(api.GET('/break-glass', { signal })),
    select: (list) => list.items.filter((one) => one.account === account && !one.ended_by),
    refetchInterval: ACCESS_EVERY,
  }).data?.filter((one) => Date.parse(one.ends_at) > now);
  const some = (open?.length ?? 0) > 0;
  useEffect(() => {
    if (!some) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [some]);
  const end = useMutation({
    mutationFn: (id: number) => answer(api.POST('/break-glass/{id}/end', { params: { path: { id } } })),
    onSuccess: () => void message.success(t('breakGlass.ended')),
    onError: (cause) => void message.error(asProblem(cause).message),
    onSettled: () => client.invalidateQueries(),
  });
  return open?.map((access) => (
    <Alert
      key={access.id}
      type="warning"
      showIcon
      title={t('breakGlass.title', {
        what: t(`permission.${access.permission as Permission}`),
        unit: access.unit_code,
      })}
      description={
        <span className="figures">
          {t('breakGlass.left', { time: elapsed((Date.parse(access.ends_at) - now) / 1000) })}
        </span>
      }
      action={
        <Button size="small" danger loading={end.isPending} onClick={() => end.mutate(access.id)}>
          {t('breakGlass.end')}
        </Button>
      }
    />
  ));
}

/** Stopped are plans that did not take effect; the page of a plan says it by itself. */
function Stopped() {
  const { pathname } = useLocation();
  return pathname.startsWith('/plans/') ? null : <StoppedPlans />;
}

/** DemoAdministrator tells who tries the demo as its administrator how to become a real one. */
function DemoAdministrator() {
  const { t } = useTranslation();
  const may = useMay();
  const demo = useSession().data?.demo ?? false;
  const [hidden, setHidden] = useState(() => remember.get('demo') !== null);
  if (!demo || !may('post') || hidden) return null;
  const hide = () => {
    remember.set('demo', 'read');
    setHidden(true);
  };
  return (
    <Alert
      type="info"
      closable={{ onClose: hide, 'aria-label': t('common.close') }}
      title={t('demo.account')}
      description={
        <>
          {t('demo.makeReal')} <code className="command">wangge user add NAME --administrator</code>
        </>
      }
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

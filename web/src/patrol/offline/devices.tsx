// The officer's devices, by day and without places, and how a lost one is reported.
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api, asProblem, done, type Problem } from '../../api/client';
import type { components } from '../../api/schema';
import { moment, useDay, useLanguage } from '../../common/format';
import { usePost } from '../outbox/outbox';
import { useSayProblem } from '../say';
import { useWho } from '../who';

type Device = components['schemas']['Device'];

export function Devices() {
  const { t } = useTranslation();
  const say = useSayProblem();
  const holds = useWho((who) => who.sign_in === 'holds');
  const outbox = usePost((post) => post.outbox);
  const [list, setList] = useState<Device[] | null>(null);
  const [own, setOwn] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = useCallback(
    () =>
      answer<{ items: Device[] }>(api.GET('/devices')).then(
        ({ items }) => setList(items),
        (cause) => setProblem(asProblem(cause)),
      ),
    [],
  );
  useEffect(() => {
    if (holds) load();
  }, [holds, load]);
  useEffect(() => {
    outbox?.device().then(setOwn, () => {});
  }, [outbox]);
  if (!holds) return null;
  const revoke = (device: string) =>
    done(api.POST('/devices/{device}/revoke', { params: { path: { device } } })).then(load, (cause) =>
      setProblem(asProblem(cause)),
    );
  return (
    <section>
      <h2>{t('patrol.offline.devices')}</h2>
      {problem && (
        <p className={problem.status === 0 ? 'soft' : 'patrol-bad'} role="alert">
          {say(problem)}
        </p>
      )}
      {list?.length === 0 && <p>{t('patrol.offline.noDevices')}</p>}
      <ul className="patrol-items">
        {list?.map((device) => (
          <Row key={device.id} device={device} isThis={device.id === own} revoke={() => revoke(device.id)} />
        ))}
      </ul>
    </section>
  );
}

function Row({ device, isThis, revoke }: { device: Device; isThis: boolean; revoke: () => Promise<void> }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const day = useDay();
  const [sure, setSure] = useState(false);
  const agent = device.agent || t('patrol.offline.unknownAgent');
  return (
    <li className="patrol-item">
      <p>
        {t('patrol.offline.device', { agent, first: day(device.first_on), last: day(device.last_on) })}{' '}
        {isThis && <strong>{t('patrol.offline.thisDevice')}</strong>}
      </p>
      {device.revoked_at ? (
        <p className="soft">
          {device.wiped_at
            ? t('patrol.offline.wipedOn', { time: moment(device.wiped_at, language) })
            : t('patrol.offline.revokedOn', { time: moment(device.revoked_at, language) })}
        </p>
      ) : (
        <button
          type="button"
          aria-pressed={sure}
          onBlur={() => setSure(false)}
          onClick={() => (sure ? revoke() : setSure(true))}
        >
          {t(sure ? 'patrol.offline.revokeSure' : 'patrol.offline.revoke')}
        </button>
      )}
    </li>
  );
}

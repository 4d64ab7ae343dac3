// What the officer must know of the page without signal, above the first screen: each line
// only where it holds, with what to do about it.
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { moment, useLanguage } from '../../common/format';
import { usePost } from '../outbox/outbox';
import { useOutboxVersion } from '../outbox/store';
import { useDuty } from '../shift';
import { useWho } from '../who';
import { Download, NextPage } from './kept';
import { usePack } from './pack';
import { useStorage } from './storage';

export function Notices({ go }: { go: (screen: 'outbox' | 'me') => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { pack, offer } = usePack();
  const persisted = useStorage((storage) => storage.persisted);
  const onDuty = useDuty((duty) => duty.shift !== null);
  const ended = useWho((who) => who.sign_in === 'ended');
  const unsent = useUnsent();
  return (
    <>
      <NextPage />
      {ended && unsent > 0 && (
        <div className="patrol-notice" role="status">
          <p>{t('patrol.offline.signInToSend', { count: unsent })}</p>
          <button type="button" onClick={() => go('me')}>
            {t('patrol.offline.toSignIn')}
          </button>
        </div>
      )}
      {offer && (
        <div className="patrol-notice">
          <p>
            {pack
              ? t('patrol.offline.newer', { time: moment(offer.made_at, language) })
              : t('patrol.offline.missing')}
          </p>
          <Download />
        </div>
      )}
      {persisted === false && onDuty && unsent > 0 && (
        <div className="patrol-notice">
          <p>{t('patrol.offline.mayGo')}</p>
          <button type="button" onClick={() => go('outbox')}>
            {t('patrol.offline.toOutbox')}
          </button>
        </div>
      )}
    </>
  );
}

/** useUnsent counts what the server does not hold yet, photos too. */
function useUnsent(): number {
  const outbox = usePost((post) => post.outbox);
  const version = useOutboxVersion((state) => state.version);
  const [count, setCount] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: counted again with every change
  useEffect(() => {
    let left = false;
    if (outbox) {
      Promise.all([outbox.waiting(), outbox.photos()]).then(
        ([items, photos]) =>
          !left && setCount(items.length + photos.filter(({ state }) => state === 'queued').length),
        () => {}, // closed meanwhile
      );
    }
    return () => {
      left = true;
    };
  }, [outbox, version]);
  return outbox ? count : 0;
}

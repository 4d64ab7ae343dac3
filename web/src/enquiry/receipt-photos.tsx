// The photos of a report that the server has: those chosen with it go out by themselves,
// and whoever has its code may add others while it is not closed.
import { useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem } from '../api/client';
import { Failed } from '../common/states';
import { PhotoPicker } from './photo-picker';
import { canSend, hand, MOST, type Ready, send, settled, taken } from './photos';

type Going = Ready & { state: 'sending' | 'sent' | 'failed'; cause?: unknown };

export function ReceiptPhotos(props: { code: string; arrived: number; closed: boolean }) {
  const { t } = useTranslation();
  const { code, arrived, closed } = props;
  const client = useQueryClient();
  const [going, setGoing] = useState<Going[]>([]);
  const put = useCallback(
    (photo: Going) => setGoing((all) => [...all.filter(({ id }) => id !== photo.id), photo]),
    [],
  );
  /** One after another, so that a thin net brings at least the first. */
  const go = useCallback(
    async (photos: Ready[]) => {
      for (const photo of photos) put({ ...photo, state: 'sending' });
      for (const photo of photos) {
        try {
          await send(code, photo);
          settled(code, photo.id);
          put({ ...photo, state: 'sent' });
        } catch (cause) {
          put({ ...photo, state: 'failed', cause });
        }
        await client.invalidateQueries({ queryKey: ['public', 'receipt', code] });
      }
    },
    [client, code, put],
  );
  useEffect(() => {
    const waiting = taken(code);
    if (waiting.length > 0) void go(waiting);
  }, [code, go]);
  if (closed && arrived === 0 && going.length === 0) return null;
  const busy = going.some(({ state }) => state === 'sending');
  const failed = going.filter(({ state }) => state === 'failed');
  const room = MOST - arrived - going.filter(({ state }) => state !== 'sent').length;
  return (
    <section aria-live="polite">
      {!closed && canSend() && (
        <PhotoPicker
          photos={going}
          room={room}
          disabled={busy}
          onAdd={(photos) => {
            hand(code, [...taken(code), ...photos]);
            void go(photos);
          }}
          state={(id) => t(`resident.photos.${going.find((one) => one.id === id)?.state ?? 'sending'}`)}
        />
      )}
      {arrived > 0 && <p>{t('resident.photos.arrived', { count: arrived })}</p>}
      {failed.length > 0 && !busy && (
        <>
          <Failed cause={asProblem(failed[0]?.cause)} />
          <Button size="large" onClick={() => void go(failed)}>
            {t('resident.photos.again')}
          </Button>
        </>
      )}
    </section>
  );
}

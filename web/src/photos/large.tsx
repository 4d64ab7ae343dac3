// One photo: what the camera says of it, what everybody sees of it, and its release.
import { App, Button, Checkbox, Modal, Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../account/session';
import { length, moment, useLanguage } from '../common/format';
import { overlays } from '../common/overlays';
import { Failed } from '../common/states';
import { type Area, MOST_AREAS } from './area';
import { Marks } from './marks';
import { imageAddress, type Photo, type Pictured, publicAddress, useRelease } from './queries';

export function Large({
  incident,
  photo,
  number,
  onClose,
}: {
  incident: Pictured;
  photo: Photo;
  number: number;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const mayRelease = useMay()('dispatch') && !incident.private;
  const [marking, setMarking] = useState(false);
  const [shown, setShown] = useState<'whole' | 'shown'>('whole');
  const release = useRelease(incident.id, photo.id, (areas) => {
    setMarking(false);
    setShown(areas ? 'shown' : 'whole');
    message.success(areas ? t('photos.done') : t('photos.withdrawn'));
  });
  const released = photo.released_at;
  return (
    <Modal
      open
      getContainer={overlays}
      title={t('photos.one', { number })}
      footer={null}
      width={920}
      onCancel={onClose}
      mask={{ closable: !marking }}
      keyboard={!marking}
      rootClassName="photos-large"
    >
      {marking ? (
        <Release photo={photo} number={number} release={release} onCancel={() => setMarking(false)} />
      ) : (
        <>
          {released && (
            <Segmented
              aria-label={t('photos.title')}
              value={shown}
              onChange={setShown}
              options={(['whole', 'shown'] as const).map((value) => ({ value, label: t(`photos.${value}`) }))}
            />
          )}
          {released && shown === 'shown' ? (
            <Picture
              key={released}
              src={publicAddress(photo.id, released)}
              alt={t('photos.shownAlt', { number })}
            />
          ) : (
            <Picture src={imageAddress(photo.id)} alt={t('photos.wholeAlt', { number })} />
          )}
          <About photo={photo} />
          {incident.private && <p className="soft">{t('photos.private')}</p>}
          {mayRelease && (
            <div className="photos-buttons">
              <Button type={released ? 'default' : 'primary'} onClick={() => setMarking(true)}>
                {released ? t('photos.markAgain') : t('photos.mark')}
              </Button>
              {released && (
                <Button danger loading={release.isPending} onClick={() => release.mutate(null)}>
                  {t('photos.withdraw')}
                </Button>
              )}
            </div>
          )}
          {release.isError && <Failed cause={release.error} />}
        </>
      )}
    </Modal>
  );
}

/** Picture is a photo that says so when it cannot be shown. */
function Picture({ src, alt }: { src: string; alt: string }) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <p role="alert" className="photos-failed">
        {t('photos.failed')}{' '}
        <Button size="small" onClick={() => setFailed(false)}>
          {t('common.retry')}
        </Button>
      </p>
    );
  }
  return <img className="photos-whole" src={src} alt={alt} onError={() => setFailed(true)} />;
}

function About({ photo }: { photo: Photo }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const away = photo.metres === null ? null : length(photo.metres, language);
  return (
    <ul className="photos-about soft">
      {photo.taken_at && <li>{t('photos.taken', { time: moment(photo.taken_at, language) })}</li>}
      <li>{t('photos.arrived', { time: moment(photo.arrived_at, language) })}</li>
      {away && (
        <li className={photo.far ? 'photos-warn' : undefined}>
          {t(photo.far ? 'photos.far' : 'photos.metres', { length: away })}
        </li>
      )}
      {photo.released_at && (
        <li>
          {t('photos.releasedBy', { who: photo.released_by, time: moment(photo.released_at, language) })}
        </li>
      )}
    </ul>
  );
}

/** Release covers faces and plates; who does it says that none is left. */
function Release({
  photo,
  number,
  release,
  onCancel,
}: {
  photo: Photo;
  number: number;
  release: ReturnType<typeof useRelease>;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const [areas, setAreas] = useState<readonly Area[]>([]);
  const [covered, setCovered] = useState(false);
  const change = (next: readonly Area[]) => {
    setAreas(next.slice(0, MOST_AREAS));
    setCovered(false);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (covered) release.mutate(areas);
      }}
    >
      <Marks
        src={imageAddress(photo.id)}
        alt={t('photos.wholeAlt', { number })}
        areas={areas}
        onAreas={change}
      />
      <Checkbox checked={covered} onChange={(event) => setCovered(event.target.checked)}>
        {t('photos.covered')}
      </Checkbox>
      <p className="hint">{t('photos.releaseHint')}</p>
      {release.isError && <Failed cause={release.error} />}
      <div className="photos-buttons">
        <Button type="primary" htmlType="submit" disabled={!covered} loading={release.isPending}>
          {t('photos.release')}
        </Button>
        <Button onClick={onCancel}>{t('common.cancel')}</Button>
      </div>
    </form>
  );
}

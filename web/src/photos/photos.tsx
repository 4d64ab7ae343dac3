// Thumbnails of the photos of an incident; one of them large.
import { ClockCircleOutlined, EnvironmentFilled, GlobalOutlined } from '@ant-design/icons';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { length, useLanguage } from '../common/format';
import { Failed, Loading } from '../common/states';
import { Large } from './large';
import { type Photo, type Pictured, thumbnailAddress, usePhotos } from './queries';
import './photos.css';

export default function Photos({ incident }: { incident: Pictured }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<string | null>(null);
  const found = usePhotos(incident.id);
  return (
    <section className="photos" aria-label={t('photos.title')}>
      <h3>{t('photos.title')}</h3>
      {found.isError ? (
        <Failed cause={found.error} retry={() => found.refetch()} />
      ) : found.isPending ? (
        <Loading rows={2} />
      ) : found.data.length === 0 ? (
        <p className="soft">{t('photos.none')}</p>
      ) : (
        <>
          <ul className="photos-list">
            {found.data.map((photo, index) => (
              <li key={photo.id}>
                <Small photo={photo} number={index + 1} onOpen={() => setOpen(photo.id)} />
              </li>
            ))}
          </ul>
          <p className="hint">{incident.private ? t('photos.private') : t('photos.recorded')}</p>
          {found.data.map(
            (photo, index) =>
              photo.id === open && (
                <Large
                  key={photo.id}
                  incident={incident}
                  photo={photo}
                  number={index + 1}
                  onClose={() => setOpen(null)}
                />
              ),
          )}
        </>
      )}
    </section>
  );
}

function Small({ photo, number, onOpen }: { photo: Photo; number: number; onOpen: () => void }) {
  const { t } = useTranslation();
  const language = useLanguage();
  if (!photo.arrived) {
    return (
      <span className="photos-waiting">
        <ClockCircleOutlined aria-hidden="true" /> {t('photos.waiting', { number })}
      </span>
    );
  }
  return (
    <button type="button" className="photos-small" onClick={onOpen}>
      <img src={thumbnailAddress(photo.id)} alt={t('photos.open', { number })} />
      {photo.released_at && (
        <span className="photos-flag">
          <GlobalOutlined aria-hidden="true" /> {t('photos.released')}
        </span>
      )}
      {photo.far && (
        <span className="photos-flag photos-far">
          <EnvironmentFilled aria-hidden="true" /> {length(photo.metres ?? 0, language)}
        </span>
      )}
    </button>
  );
}

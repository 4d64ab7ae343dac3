// An answer at one point: a verdict, the place where the border really runs, a note and
// photos. Everything has its id before it is sent, so that it may be sent again.
import { ArrowLeftOutlined, CameraOutlined, CloseOutlined } from '@ant-design/icons';
import { App, Button, Input } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/client';
import type { LonLat } from '../api/types';
import { length, useLanguage } from '../common/format';
import { shrunk } from '../common/photo';
import { Failed } from '../common/states';
import { goToPlace } from '../map/camera';
import { addPhoto, MOST_PHOTOS, type Point, say, useBorderChange, VERDICTS, type Verdict } from './queries';
import { metresBetween, StateTag, useNamesOf } from './words';

type Photo = { id: string; body: Blob; shown: string };

export function Give(props: {
  point: Point;
  place: LonLat | null;
  onPlace: (place: LonLat | null) => void;
  onMarking: (marking: boolean) => void;
  onBack: () => void;
  onNext?: () => void;
}) {
  const { t } = useTranslation();
  const namesOf = useNamesOf();
  const { point } = props;
  const [sent, setSent] = useState(false);
  const [again, setAgain] = useState(false);
  const answered = point.state !== 'open' || sent;
  return (
    <>
      <Button className="border-back" icon={<ArrowLeftOutlined aria-hidden="true" />} onClick={props.onBack}>
        {t('border.back')}
      </Button>
      <h2>
        {point.ordinal}. {point.question}
      </h2>
      <p className="soft">
        {t('border.between', { names: namesOf(point.names) })} <StateTag state={point.state} />
      </p>
      {answered && !again ? (
        <>
          {sent && <p role="status">{t('border.sent')}</p>}
          <div className="border-big">
            {props.onNext && (
              <Button type="primary" size="large" block onClick={props.onNext}>
                {t('border.next')}
              </Button>
            )}
            <Button size="large" block onClick={() => setAgain(true)}>
              {t('border.again')}
            </Button>
          </div>
        </>
      ) : (
        <Form
          {...props}
          onSent={() => {
            setSent(true);
            setAgain(false);
            props.onMarking(false);
            props.onPlace(null);
          }}
        />
      )}
    </>
  );
}

function Form(props: {
  point: Point;
  place: LonLat | null;
  onPlace: (place: LonLat | null) => void;
  onMarking: (marking: boolean) => void;
  onSent: () => void;
}) {
  const { t } = useTranslation();
  const language = useLanguage();
  const id = useId();
  const { point, place } = props;
  const answer = useRef(crypto.randomUUID());
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [note, setNote] = useState('');
  const [photos, setPhotos] = useState<readonly Photo[]>([]);
  const [at] = useState(() => new Date());
  const send = useBorderChange(async (given: Verdict) => {
    const finding = answer.current;
    const where = given === 'moved' ? place : null;
    await say(point.id, { id: finding, verdict: given, note: note.trim(), place: where, at });
    for (const photo of photos) await addPhoto(finding, photo.id, photo.body);
  }, props.onSent);
  const choose = (one: Verdict) => {
    setVerdict(one);
    props.onMarking(one === 'moved');
    if (one !== 'moved') props.onPlace(null);
  };
  return (
    <form
      className="border-give"
      onSubmit={(event) => {
        event.preventDefault();
        if (verdict) send.mutate(verdict);
      }}
    >
      <fieldset className="border-big">
        <legend>{t('border.found')}</legend>
        {VERDICTS.map((one) => (
          <button
            key={one}
            type="button"
            className={`border-verdict border-verdict-${one}`}
            aria-pressed={verdict === one}
            onClick={() => choose(one)}
          >
            {t(`border.verdictLong.${one}`)}
          </button>
        ))}
      </fieldset>
      {verdict === 'moved' && (
        <div className="border-mark" role="status">
          <p>
            {place
              ? t('border.marked', { length: length(metresBetween(point.at, place), language) })
              : t('border.mark')}
          </p>
          <Here onPlace={props.onPlace} />
        </div>
      )}
      <label htmlFor={id}>{t('border.note')}</label>
      <Input.TextArea
        id={id}
        rows={2}
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <p className="hint">{t('border.noteHint')}</p>
      <Photos photos={photos} onPhotos={setPhotos} />
      {send.isError && (
        <>
          <Failed cause={send.error} />
          <p className="hint">{t('border.notSent')}</p>
        </>
      )}
      <Button
        type="primary"
        size="large"
        htmlType="submit"
        block
        disabled={!verdict || (verdict === 'moved' && !place)}
        loading={send.isPending}
      >
        {t('border.send')}
      </Button>
    </form>
  );
}

/** Here takes the place where the phone is. */
function Here({ onPlace }: { onPlace: (place: LonLat) => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  if (!window.isSecureContext || !navigator.geolocation) return null;
  return (
    <Button
      onClick={() =>
        navigator.geolocation.getCurrentPosition(
          ({ coords }) => {
            const here: LonLat = [coords.longitude, coords.latitude];
            onPlace(here);
            goToPlace(here, 18);
          },
          () => message.warning(t('border.noPosition')),
          { enableHighAccuracy: true, timeout: 15_000 },
        )
      }
    >
      {t('border.here')}
    </Button>
  );
}

function Photos(props: { photos: readonly Photo[]; onPhotos: (photos: readonly Photo[]) => void }) {
  const { t } = useTranslation();
  const { photos, onPhotos } = props;
  const [fault, setFault] = useState<unknown>(null);
  const all = useRef(photos);
  all.current = photos;
  useEffect(
    () => () => {
      for (const { shown } of all.current) URL.revokeObjectURL(shown);
    },
    [],
  );
  const add = async (files: readonly File[]) => {
    setFault(null);
    try {
      const room = files.slice(0, MOST_PHOTOS - photos.length);
      const bodies = await Promise.all(room.map((file) => shrunk(file)));
      onPhotos([
        ...photos,
        ...bodies.map((body) => ({ id: crypto.randomUUID(), body, shown: URL.createObjectURL(body) })),
      ]);
    } catch {
      setFault(new Problem({ status: 422, code: 'photo_unreadable' }));
    }
  };
  return (
    <div className="border-photos">
      {photos.map((photo, index) => (
        <span key={photo.id} className="border-taken">
          <img src={photo.shown} alt={t('border.photo', { number: index + 1 })} />
          <Button
            shape="circle"
            icon={<CloseOutlined aria-hidden="true" />}
            aria-label={t('border.dropPhoto', { number: index + 1 })}
            onClick={() => onPhotos(photos.filter(({ id }) => id !== photo.id))}
          />
        </span>
      ))}
      {photos.length < MOST_PHOTOS && (
        <label className="border-camera">
          <CameraOutlined aria-hidden="true" /> {t('border.addPhoto')}
          <input
            type="file"
            accept="image/jpeg,image/png"
            capture="environment"
            onChange={(event) => {
              const files = [...(event.target.files ?? [])];
              event.target.value = ''; // the same one can be taken again
              void add(files);
            }}
          />
        </label>
      )}
      <p className="hint">{t('border.photoHint')}</p>
      {fault !== null && <Failed cause={fault} />}
    </div>
  );
}

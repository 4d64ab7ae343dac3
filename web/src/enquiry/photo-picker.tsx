// Choosing photos for a resident's report, and seeing how far they have come.
import { CameraOutlined, CloseOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button } from 'antd';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MOST, type Ready, ready } from './photos';

type Props = {
  photos: Ready[];
  /** How many may still be added. */
  room: number;
  disabled?: boolean;
  onAdd: (photos: Ready[]) => void;
  onRemove?: (id: string) => void;
  /** What is said below a photo. */
  state?: (id: string) => ReactNode;
};

export function PhotoPicker({ photos, room, disabled, onAdd, onRemove, state }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const make = useMutation({
    mutationFn: async (files: File[]) => {
      const made = await Promise.allSettled(files.map(ready));
      onAdd(made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
      return made.every(({ status }) => status === 'fulfilled');
    },
  });
  return (
    <>
      <p className="report-label">{t('resident.photos.title', { count: MOST })}</p>
      {photos.length > 0 && (
        <ul className="report-photos">
          {photos.map(({ id, picture }, index) => (
            <li key={id}>
              <Picture of={picture} name={t('resident.photos.number', { number: index + 1 })} />
              {onRemove && (
                <Button
                  shape="circle"
                  disabled={disabled}
                  icon={<CloseOutlined aria-hidden="true" />}
                  aria-label={t('resident.photos.remove', { number: index + 1 })}
                  onClick={() => onRemove(id)}
                />
              )}
              {state?.(id)}
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        className="off-screen"
        type="file"
        accept="image/*"
        multiple
        tabIndex={-1}
        aria-label={t('resident.photos.add')}
        disabled={disabled || room < 1}
        onChange={(event) => {
          make.mutate([...(event.target.files ?? [])].slice(0, room));
          event.target.value = '';
        }}
      />
      {room > 0 && (
        <Button
          size="large"
          disabled={disabled}
          loading={make.isPending}
          icon={<CameraOutlined aria-hidden="true" />}
          onClick={() => input.current?.click()}
        >
          {t(make.isPending ? 'resident.photos.making' : 'resident.photos.add')}
        </Button>
      )}
      <p className="hint">{t('resident.photos.hint')}</p>
      {make.data === false && (
        <p className="warn-text" role="status">
          {t('resident.photos.unreadable')}
        </p>
      )}
    </>
  );
}

function Picture({ of, name }: { of: Blob; name: string }) {
  const [address, setAddress] = useState('');
  useEffect(() => {
    const made = URL.createObjectURL(of);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [of]);
  return address ? <img src={address} alt={name} /> : null;
}

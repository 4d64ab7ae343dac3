// Looking a report up by the code of its receipt.
import { Button, Input } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

export function CodeForm() {
  const { t } = useTranslation();
  const go = useNavigate();
  const id = useId();
  const [code, setCode] = useState('');
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{t('resident.lookUp')}</h2>
      <form
        className="enquiry-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (code.trim()) go(`/public/report/${encodeURIComponent(code.trim())}`);
        }}
      >
        <Input
          size="large"
          className="figures"
          aria-label={t('resident.code')}
          placeholder="0000-0000-0000"
          maxLength={40}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
        <Button size="large" htmlType="submit">
          {t('resident.look')}
        </Button>
      </form>
    </section>
  );
}

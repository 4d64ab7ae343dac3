// The register of purposes: which personal fields there are and why, what people
// are told, how long things are kept, and the proofs of what was deleted.
import { Tabs } from 'antd';
import { useTranslation } from 'react-i18next';
import { Page } from './common';
import { Notices } from './notices';
import { Purposes } from './purposes';
import { Retention } from './retention';

export default function RegisterPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('admin.section.register')} lead={t('admin.register.hint')}>
      <Tabs
        items={[
          { key: 'purposes', label: t('admin.register.purposes'), children: <Purposes /> },
          { key: 'notices', label: t('admin.register.notices'), children: <Notices /> },
          { key: 'retention', label: t('admin.register.retention'), children: <Retention /> },
        ]}
      />
    </Page>
  );
}

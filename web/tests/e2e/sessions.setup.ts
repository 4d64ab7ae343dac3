// Signs every role in once; the walks take the session of theirs.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test as setup } from '@playwright/test';
import { loginOf, passwordOf, ROLES, stateOf } from './roles';

for (const role of ROLES) {
  setup(`signs in as ${role}`, async ({ request }) => {
    const body = { login: loginOf(role), password: passwordOf(role) };
    const response = await request.post('/api/v1/session', { data: body });
    expect(response.status()).toBe(200);
    mkdirSync(dirname(stateOf(role)), { recursive: true, mode: 0o700 });
    await request.storageState({ path: stateOf(role) });
    chmodSync(stateOf(role), 0o600);
  });
}

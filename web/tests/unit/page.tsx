// Puts a part of the page on a page of its own, with answers of a server made up
// per test.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { App } from 'antd';
import type { ReactElement, ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { vi } from 'vitest';
import { PERMISSIONS, type Permission, type Session, setSession } from '../../src/account/session';
import { rereadView } from '../../src/view/url';

export type Answers = Record<string, unknown | ((request: Request) => unknown)>;

/** problem is an error answer for Answers. */
export const problem = (status: number, code: string, title: string) => new Refusal({ status, code, title });

class Refusal {
  constructor(readonly body: { status: number; code: string; title: string }) {}
}

/** serve answers fetch by "METHOD /path" (without the query); anything else is 404. */
export function serve(answers: Answers) {
  const asked: { what: string; query: string; body: unknown }[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const what = `${request.method} ${url.pathname.replace('/api/v1', '')}`;
    const text = request.method === 'GET' ? '' : await request.text();
    asked.push({ what, query: url.search, body: text ? JSON.parse(text) : null });
    const found = answers[what];
    const answer = typeof found === 'function' ? found(request) : found;
    if (answer === undefined) return json(404, { title: 'Not Found', status: 404, code: 'http' });
    return answer instanceof Refusal ? json(answer.body.status, answer.body) : json(200, answer);
  });
  return asked;
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

/** somebody is a session with these permissions. */
export const somebody = (permissions: readonly Permission[] = PERMISSIONS): Session => ({
  account: 12,
  login: 'lin',
  name: '林晓',
  phone: '',
  demo: false,
  totp: false,
  password: true,
  posts: [],
  permissions: [...permissions],
});

/** show renders a part of the page at an address, for somebody who may do everything unless it is said. */
export function show(part: ReactElement, search = '', session: Session | null = somebody()) {
  const client = new QueryClient({
    defaultOptions: { queries: { retry: false }, mutations: { retry: false } },
  });
  setSession(client, session);
  history.replaceState(null, '', `/${search}`);
  rereadView();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <MemoryRouter>
        <App>{children}</App>
      </MemoryRouter>
    </QueryClientProvider>
  );
  return render(part, { wrapper });
}

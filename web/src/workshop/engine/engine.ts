// The engine from the side of the page: it asks the worker, and gets typed answers.
import { type Answer, type Questions, Refused, type What } from './types';

export type Engine = {
  /** ask rejects with Refused when the answer is no. */
  ask<W extends What>(what: W, body: Questions[W][0]): Promise<Questions[W][1]>;
  end(): void;
};

/** What the engine runs in; a test may be its own. */
export type Thread = Pick<Worker, 'postMessage' | 'terminate'> & {
  onmessage: ((event: MessageEvent<[number, string]>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
};

const inWorker = (): Thread => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

export function startEngine(thread: Thread = inWorker()): Engine {
  const asked = new Map<number, (text: string) => void>();
  let last = 0;
  thread.onmessage = ({ data: [number, text] }) => {
    asked.get(number)?.(text);
    asked.delete(number);
  };
  thread.onerror = (event) => {
    const reason = { code: 'engine', title: event.message ?? '', detail: '', at: null };
    for (const answer of asked.values()) answer(JSON.stringify({ refused: reason }));
    asked.clear();
  };
  return {
    ask: (what, body) =>
      new Promise((resolve, reject) => {
        const number = ++last;
        asked.set(number, (text) => {
          const answer = JSON.parse(text) as Answer<never>;
          if ('is' in answer) resolve(answer.is);
          else reject(new Refused(answer.refused));
        });
        thread.postMessage([number, what, JSON.stringify(body)]);
      }),
    end: () => thread.terminate(),
  };
}

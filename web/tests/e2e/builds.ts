// A service of which another build of the officer's page is published while phones have it open.
import { createServer, request as forward, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The officer's page and its service worker: what names a build. */
const NAMED = /^\/patrol(-sw\.js)?(\?|$)/;

/** Builds hands on what a service answers; number 2 and later name themselves in the page. */
export class Builds {
  private number = 1;
  private readonly server: Server;

  constructor(service: string) {
    this.server = createServer((incoming, outgoing) => {
      const rebuilt = this.number > 1 && NAMED.test(incoming.url ?? '');
      const headers = { ...incoming.headers };
      if (rebuilt) {
        headers['accept-encoding'] = 'identity';
        delete headers['if-none-match']; // it is not the build that the service knows
        delete headers['if-modified-since'];
      }
      const onward = forward(
        new URL(incoming.url ?? '', service),
        { method: incoming.method, headers },
        (answer) => {
          if (rebuilt)
            this.rebuild(answer).then((sent) => outgoing.writeHead(sent.status, sent.headers).end(sent.text));
          else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers));
        },
      );
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  private async rebuild(answer: IncomingMessage) {
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    const { 'content-length': _, etag: __, ...headers } = answer.headers;
    text = text
      .replace(/(version\\?":\\?"[0-9a-f]+)/, `$1-${this.number}`)
      .replace('</head>', `<meta name="build" content="${this.number}"></head>`);
    return { status: answer.statusCode ?? 502, headers, text };
  }

  publish(): void {
    this.number++;
  }

  async open(): Promise<string> {
    await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

// A service of a walk's own, on a demo town of its own, that the walk may kill.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../../bin/wangge');

/** How long a start may take, in milliseconds: a demo town is made at the first. */
const PATIENCE = 180_000;

export class Service {
  address = '';
  private printed = '';
  private process: ChildProcess | null = null;
  private readonly folder = mkdtempSync(join(memory(), 'wangge-walk.'));

  constructor() {
    chmodSync(this.folder, 0o755); // PostgreSQL may run as somebody else
  }

  /** start starts it; again after kill, at the same address. */
  async start(): Promise<void> {
    const listen = this.address
      ? new URL(this.address).host.replace('localhost', '127.0.0.1')
      : '127.0.0.1:0';
    this.printed = '';
    const running = spawn(
      PROGRAM,
      ['up', '--data', join(this.folder, 'data'), '--listen', listen, '--no-daily-backup'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.process = running;
    let log = '';
    running.stderr.on('data', (text) => {
      log += text;
    });
    await new Promise<void>((ready, failed) => {
      const timer = setTimeout(
        () => failed(new Error(`the service did not start: ${this.printed}${log}`)),
        PATIENCE,
      );
      running.stdout.on('data', (text) => {
        this.printed += text;
        const said = /ready: open (\S+)/.exec(this.printed);
        if (!said?.[1]) return;
        this.address = said[1].replace('localhost', '127.0.0.1');
        clearTimeout(timer);
        ready();
      });
      running.once('exit', (code) => {
        clearTimeout(timer);
        failed(new Error(`the service ended with ${code}: ${this.printed}${log}`));
      });
    });
  }

  /** passwordOf is the password of a demo account since the last start. */
  passwordOf(login: string): string {
    const said = new RegExp(`demo account ${login} +(\\S+)`).exec(this.printed);
    if (!said?.[1]) throw new Error(`the service printed no password of ${login}`);
    return said[1];
  }

  /** kill takes the power away: the service and its PostgreSQL end where they stand. */
  async kill(): Promise<void> {
    const postmaster = Number(
      readFileSync(join(this.folder, 'data/pg/postmaster.pid'), 'utf8').split('\n')[0],
    );
    const over = this.ended();
    this.process?.kill('SIGKILL');
    process.kill(postmaster, 'SIGKILL');
    await over;
  }

  /** stop ends it in order and removes what it kept. */
  async stop(): Promise<void> {
    const over = this.ended();
    this.process?.kill('SIGTERM');
    await over;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private ended(): Promise<unknown> {
    const { process: running } = this;
    if (!running || running.exitCode !== null || running.signalCode !== null) return Promise.resolve();
    return new Promise((over) => running.once('exit', over));
  }
}

/** memory is a folder in memory where there is one. */
function memory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

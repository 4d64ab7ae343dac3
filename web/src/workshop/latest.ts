/** Latest runs one task at a time and forgets all that waited but the last. */
export class Latest {
  private running: Promise<void> | null = null;
  private next: (() => Promise<unknown>) | null = null;

  run(task: () => Promise<unknown>): void {
    this.next = task;
    this.running ??= this.work();
  }

  /** forget drops what waits; what runs ends by itself. */
  forget(): void {
    this.next = null;
  }

  /** idle is done when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async work(): Promise<void> {
    while (this.next) {
      const task = this.next;
      this.next = null;
      try {
        await task();
      } catch {
        // Whoever was asked has said why; the next one may do.
      }
    }
    this.running = null;
  }
}

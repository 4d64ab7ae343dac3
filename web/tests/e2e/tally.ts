// Ends a run with one plain line that a script can read: "N passed, N failed".
import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';

export default class Tally implements Reporter {
  private readonly ended = new Map<string, boolean>();

  onTestEnd(test: TestCase, result: TestResult) {
    if (result.status !== 'skipped') this.ended.set(test.id, test.ok());
  }

  onEnd() {
    const passed = [...this.ended.values()].filter(Boolean).length;
    console.log(`${passed} passed, ${this.ended.size - passed} failed`);
  }

  printsToStdio() {
    return true;
  }
}

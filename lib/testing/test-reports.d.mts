/** What a run's report adds to the sum of `npm test`. */
export interface ReadReport {
  passed: number;
  failed: number;
  text: string;
}
export function readVitest(report: object): ReadReport;
export function readPlaywright(report: object): ReadReport;

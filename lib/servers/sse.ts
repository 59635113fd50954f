/**
 * Cuts a stream of server-sent events (WHATWG HTML, section 9.2) into the data of its events. Feed it text as it comes;
 * what is not yet complete stays inside. Comments, ids and event names are not kept.
 */
export class SseReader {
  #rest = "";
  #data: string[] = [];

  /** The data of every event that this text completed. */
  take(text: string): string[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    const events: string[] = [];
    for (const line of lines) {
      if (line === "") this.#flush(events);
      else if (line.startsWith("data:")) this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    }
    return events;
  }

  #flush(events: string[]): void {
    if (this.#data.length > 0) events.push(this.#data.join("\n"));
    this.#data = [];
  }
}

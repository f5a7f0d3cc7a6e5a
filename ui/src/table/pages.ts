// Rows of a long list, loaded page by page as somebody scrolls, and forgotten again.
import { keepPages, pagesOf } from "./slots";

/** One page as a host answers it. */
export interface Page<Row> {
  rows: Row[];
  /** Where the next page begins; absent at the end. */
  next: string | null;
  /** Rows over all pages. */
  total: number;
}

/** Where the rows of a list come from. */
export interface Source<Row> {
  /** Loads the page that begins after a cursor, or the first one. */
  after: (cursor: string | null, limit: number) => Promise<Page<Row>>;
  /** Loads the page that begins at a position, wherever that is, without reading what lies before. */
  at: (position: number, limit: number) => Promise<Page<Row>>;
}

/** What is known of the list at one moment. A new object after each change. */
export interface Shown<Row> {
  /** Rows over all pages; absent until the first answer. */
  total: number | null;
  /** Why the last load failed, if it did. */
  error: unknown;
  pages: ReadonlyMap<number, readonly Row[]>;
}

/** Rows of a page. */
export const pageSize = 200;

/** Pages kept in memory. */
const pageLimit = 12;

/**
 * A long list of which the wanted part is in memory.
 *
 * A page is asked for by the cursor at the end of the one before where that is known, so that reading on shows no row
 * twice and misses none; a leap asks by position. What was shown stays until its replacement is whole.
 */
export class Pages<Row> {
  readonly #source: Source<Row>;
  readonly #listeners = new Set<() => void>();
  #shown: Shown<Row> = { total: null, error: null, pages: new Map() };
  #pages = new Map<number, readonly Row[]>();
  /** Where pages begin. A new map with each refresh, because what moved has moved the cursors' places. */
  #cursors = new Map<number, string>();
  #stale = new Set<number>();
  #total: number | null = null;
  /** The page after the last one, once this refresh knows it. */
  #end = Infinity;
  #wanted: number[] = [0];
  #running = false;
  #refreshing = false;

  constructor(source: Source<Row>) {
    this.#source = source;
  }

  readonly subscribe = (tell: () => void): (() => void) => {
    this.#listeners.add(tell);
    return () => {
      this.#listeners.delete(tell);
    };
  };

  readonly shown = (): Shown<Row> => this.#shown;

  /** A row, if it is in memory. */
  readonly row = (index: number): Row | undefined =>
    this.#shown.pages.get(Math.floor(index / pageSize))?.[index % pageSize];

  /** Where a row is, among those in memory. */
  readonly indexWhere = (matches: (row: Row) => boolean): number | undefined => {
    for (const [page, rows] of this.#shown.pages) {
      const index = rows.findIndex(matches);
      if (index >= 0) return page * pageSize + index;
    }
    return undefined;
  };

  /** Makes sure that rows `first` to `last` are, or come, into memory. Only the latest wish counts. */
  readonly want = (first: number, last: number): Promise<void> => {
    this.#wanted = pagesOf(first, Math.max(first, last), pageSize);
    return this.#run();
  };

  /** Reads what is shown anew, because it changed. */
  readonly refresh = (): Promise<void> => {
    this.#cursors = new Map();
    this.#stale = new Set(this.#pages.keys());
    this.#end = Infinity;
    this.#refreshing = true;
    return this.#run();
  };

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let page = this.#next(); page !== undefined; page = this.#next()) {
        // A wish may change while a page is read, and the next page's cursor comes with this one.
        // oxlint-disable-next-line no-await-in-loop
        await this.#take(page);
        if (!this.#refreshing) this.#show(null);
      }
      this.#refreshing = false;
      this.#show(null);
    } catch (error) {
      this.#refreshing = false;
      this.#show(error);
    } finally {
      this.#running = false;
    }
  }

  /** The first wanted page that is not there as it is now. */
  #next(): number | undefined {
    return this.#wanted.find((page) => page < this.#end && (!this.#pages.has(page) || this.#stale.has(page)));
  }

  async #take(page: number): Promise<void> {
    const cursors = this.#cursors;
    const cursor = cursors.get(page);
    const answer =
      page === 0 || cursor !== undefined
        ? await this.#source.after(cursor ?? null, pageSize)
        : await this.#source.at(page * pageSize, pageSize);
    // A refresh began meanwhile: what was read may be of before.
    if (cursors !== this.#cursors) return;
    this.#total = answer.total;
    this.#end = Math.ceil(answer.total / pageSize);
    this.#stale.delete(page);
    this.#pages.delete(page);
    this.#pages.set(page, answer.rows);
    if (answer.next === null) cursors.delete(page + 1);
    else cursors.set(page + 1, answer.next);
    this.#forget();
  }

  #forget(): void {
    const held = [...this.#pages.keys()];
    const kept = new Set(keepPages(held, this.#wanted, pageLimit));
    for (const page of held) if (!kept.has(page) || page >= this.#end) this.#pages.delete(page);
  }

  #show(error: unknown): void {
    this.#shown = { total: this.#total, error, pages: new Map(this.#pages) };
    for (const tell of this.#listeners) tell();
  }
}

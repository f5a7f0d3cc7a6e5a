// Rows of a long list, loaded page by page behind a keyset cursor as somebody scrolls, and forgotten again.
import { keepPages, pagesOf } from "./slots";

/** One page as a host answers it. */
export interface Page<Row> {
  rows: Row[];
  /** Where the next page begins; absent at the end. */
  next: string | null;
  /** Rows over all pages. */
  total: number;
}

/** Loads the page that begins after a cursor. */
export type Load<Row> = (after: string | null, limit: number) => Promise<Page<Row>>;

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
 * A page can only be asked for by the cursor at the end of the one before, so that a leap loads what lies between; the
 * cursors stay, so that the way back is short. What was shown stays until its replacement is whole.
 */
export class Pages<Row> {
  readonly #load: Load<Row>;
  readonly #listeners = new Set<() => void>();
  #shown: Shown<Row> = { total: null, error: null, pages: new Map() };
  #pages = new Map<number, readonly Row[]>();
  #cursors: (string | null)[] = [null];
  #oldCursors: (string | null)[] = [];
  #oldTotal: number | null = null;
  #stale = new Set<number>();
  #ended = false;
  #total: number | null = null;
  #wanted: number[] = [0];
  #running = false;
  #refreshing = false;

  constructor(load: Load<Row>) {
    this.#load = load;
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

  /** Makes sure that rows `first` to `last` are, or come, into memory. */
  readonly want = (first: number, last: number): Promise<void> => {
    this.#wanted = pagesOf(first, Math.max(first, last), pageSize);
    return this.#run();
  };

  /** Reads what is shown anew, because it changed. */
  readonly refresh = (): Promise<void> => {
    if (this.#cursors.length > 1) {
      this.#oldCursors = this.#cursors;
      this.#oldTotal = this.#total;
    }
    this.#cursors = [null];
    this.#stale = new Set(this.#pages.keys());
    this.#ended = false;
    this.#refreshing = true;
    return this.#run();
  };

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let page = this.#next(); page !== null; page = this.#next()) {
        // Each page's cursor comes with the one before.
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

  /** The page to load next: the first wanted one, or the one whose end leads there. */
  #next(): number | null {
    for (const page of this.#wanted) {
      if (this.#pages.has(page) && !this.#stale.has(page)) continue;
      if (page < this.#cursors.length) return page;
      return this.#ended ? null : this.#cursors.length - 1;
    }
    return null;
  }

  async #take(page: number): Promise<void> {
    const cursors = this.#cursors;
    const answer = await this.#load(cursors[page] ?? null, pageSize);
    // A refresh began meanwhile: what was read may be of before.
    if (cursors !== this.#cursors) return;
    this.#total = answer.total;
    this.#stale.delete(page);
    this.#pages.delete(page);
    this.#pages.set(page, answer.rows);
    this.#ended = answer.next === null;
    if (answer.next === null) cursors.length = page + 1;
    else if (cursors[page + 1] !== answer.next) this.#goOn(page + 1, answer.next);
    this.#forget();
  }

  /** Page `page` begins elsewhere than was known, or begins for the first time. */
  #goOn(page: number, cursor: string): void {
    const cursors = this.#cursors;
    // With as many rows as before and the same end of the page, the later pages begin where they did. Should that be
    // wrong, the first of them that is read says so by its own end.
    const known =
      this.#total === this.#oldTotal && page === cursors.length && this.#oldCursors[page] === cursor;
    if (page < cursors.length) for (const held of this.#pages.keys()) if (held >= page) this.#stale.add(held);
    cursors.length = page;
    cursors.push(...(known ? this.#oldCursors.slice(page) : [cursor]));
  }

  #forget(): void {
    const held = [...this.#pages.keys()];
    const kept = keepPages(held, this.#wanted, pageLimit);
    for (const page of held) if (!kept.includes(page)) this.#pages.delete(page);
    if (!this.#ended) return;
    for (const page of held) if (page >= this.#cursors.length) this.#pages.delete(page);
  }

  #show(error: unknown): void {
    this.#shown = { total: this.#total, error, pages: new Map(this.#pages) };
    for (const tell of this.#listeners) tell();
  }
}

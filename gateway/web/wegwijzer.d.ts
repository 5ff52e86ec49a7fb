/** Results as they are shown. */
export interface WegwijzerResultsDetail {
  /** The query string of the request. */
  readonly query: string;
  /** The number of results. */
  readonly total: number;
}

/** Why no results are shown. */
export interface WegwijzerErrorDetail {
  /** The HTTP status, or 0 without a response. */
  readonly status: number;
}

/** A search field, filters and results. Attributes: `query`, `api-key`, `lang`, `no-field`, `heading-level`. */
export declare class WegwijzerSearch extends HTMLElement {
  /** Fetches the results again. */
  refresh(): void;
  /** The parameters that the attributes state. */
  parameters(): URLSearchParams;
}

/** Events to come. Attributes: `query`, `api-key`, `lang`, `heading-level`. */
export declare class WegwijzerAgenda extends WegwijzerSearch {}

declare global {
  interface HTMLElementTagNameMap {
    "wegwijzer-search": WegwijzerSearch;
    "wegwijzer-agenda": WegwijzerAgenda;
  }
  interface HTMLElementEventMap {
    "wegwijzer-results": CustomEvent<WegwijzerResultsDetail>;
    "wegwijzer-error": CustomEvent<WegwijzerErrorDetail>;
  }
}

/** How large a page of a list is; the router reckons with it, too. */

/** The most items that one page has. */
export const maxPageSize = 200;
/** The items of a page of which nobody says how large it is. */
export const defaultPageSize = 20;

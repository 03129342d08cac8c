/** The HTML at `/`: GraphiQL's page, and those that stand in for it. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg fill='%23d60590'%3E" +
  "%3Ccircle cx='3' cy='8' r='3'/%3E%3Ccircle cx='13' cy='3' r='3'/%3E%3Ccircle cx='13' cy='13' r='3'/%3E%3C/g%3E" +
  "%3Cpath d='M13 3 3 8l10 5' fill='none' stroke='%23d60590' stroke-width='1.5'/%3E%3C/svg%3E";

const html = (head: string, body: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />${head}
    <title>Agent Platform</title>
    <link rel="icon" href="${icon}" />
    <style>html, body, #graphiql { height: 100%; margin: 0; } #graphiql > p { margin: 0; padding: 2rem; font: 1rem sans-serif; }</style>
  </head>
  <body>
    ${body}
  </body>
</html>
`;

/** The page whose files are of that version. */
export function page(version: string): string {
  // The style sheet stands behind the text: in the head it would keep the window white until it is there.
  return html(
    "",
    `<div id="graphiql"><p>Loading GraphiQL.</p></div>
    <link rel="stylesheet" href="/graphiql/${version}/page.css" />
    <script type="module" src="/graphiql/${version}/page.js"></script>`,
  );
}

/** Stands in while the files are made, and asks again by itself. */
export const waitingPage = html(
  `
    <meta http-equiv="refresh" content="1" />`,
  `<div id="graphiql"><p>GraphiQL is being prepared, once after each update. It opens here by itself in a few seconds.</p></div>`,
);

/** Stands in when the files could not be made. */
export const failurePage = html(
  "",
  `<div id="graphiql"><p>GraphiQL could not be prepared; the platform's log says why. The graph at /graphql works without it. Reload to try again.</p></div>`,
);

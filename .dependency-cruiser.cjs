/**
 * The architecture as tests. Each rule's comment is the sentence that a reviewer would say.
 * Type-only imports count too, except where a rule says otherwise: a type that crosses a border is knowledge that crosses it.
 */
const orm = ["^node_modules/(@mikro-orm/[^/]+|pg|kysely)/"];
const graphql = ["^node_modules/(type-graphql|graphql|graphql-scalars|@apollo/[^/]+|@graphql-tools/[^/]+)/"];
const sideEffects = [
  "^(node:)?(fs|fs/promises|net|http|https|http2|tls|dns|child_process|worker_threads|timers|timers/promises)$",
  "^node_modules/(undici|ws|pino)/",
];

const forbid = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });

/** The rooms of the runtime from the highest floor down; what stands side by side does not see each other. */
const runtimeFloors = [
  ["trigger"],
  ["graph"],
  ["control", "worker"],
  ["owner"],
  ["plan"],
  ["client"],
  ["nodes"],
  ["engine", "queue", "sandbox"],
];

/** Each room may look down only. */
function runtimeFloorRules() {
  return runtimeFloors.flatMap((rooms, floor) =>
    rooms.map((room) => {
      const above = runtimeFloors.slice(0, floor).flat();
      const beside = rooms.filter((other) => other !== room);
      return forbid(
        "runtime-floors",
        { path: `^subgraphs/runtime/${room}/` },
        { path: `^subgraphs/runtime/(${["subgraph\\.ts", ...above, ...beside].join("|")})` },
        `${room}/ stands below ${["the manifest", ...above.map((name) => `${name}/`)].join(", ")}: what it needs of them is handed down.`,
      );
    }),
  );
}

/** What others may import of a machine of shared/; all else of its folder is its inside. */
const machineFaces = {
  db: [
    "database",
    "engine-login",
    "engine-rights",
    "errors",
    "json-columns",
    "long-value",
    "pool",
    "primary",
    "recorded-migrations",
    "tenant-policy",
    "tenants",
    "versions\\.sql",
    "scope",
    "sweep",
  ],
  dsl: [
    "configs",
    "document",
    "issue",
    "model-config-keys",
    "node-specs",
    "node-texts",
    "node-types",
    "read",
    "render-config",
    "scope-read",
    "small",
    "suggest",
    "validate",
    "zoned-time",
  ],
  endpoint: ["caller", "endpoint", "http-endpoint", "request-transport"],
  evaluation: ["errors", "job", "process-threads", "turns"],
  expression: ["errors", "expression", "language", "simple", "tree"],
  fetch: ["body-text", "egress", "fetch", "fetch-request", "media-type", "retry-after"],
  graphql: [
    "argument-limits",
    "context",
    "cost",
    "needs",
    "idempotency",
    "loaders",
    "pagination",
    "payload-loader",
    "references",
    "reseal",
    "scalars",
    "schema",
    "selection",
    "subgraph",
  ],
  json: ["form", "form-answers", "json-schema", "nesting", "numbers", "plain-schema", "schema-checks", "storable", "value-count"],
  metrics: ["exposition", "instruments", "server"],
  postgres: ["archive", "backup", "keeper", "prepare", "server", "server-user"],
  secret: ["credentials", "data-keys", "marks", "references", "scrub", "secrets"],
  serve: ["close-codes", "graphql-http", "host-guard", "http-answer", "http-body", "listen", "server", "websocket-server"],
  stream: ["bounded-stream", "map-stream", "pull-stream"],
  trust: ["internal-keys", "signer", "token"],
  template: ["budget", "compute-clock", "dollars", "errors", "lines", "memo", "path", "render-deep", "scope", "template", "text"],
};

/** Tests may look inside. */
function sharedMachineRules() {
  return Object.entries(machineFaces).map(([machine, faces]) =>
    forbid(
      "shared-machines",
      { pathNot: `^(tests|bench)/|^shared/${machine}/` },
      { path: `^shared/${machine}/(?!(${faces.join("|")})\\.ts$)` },
      `The inside of shared/${machine}/ changes without asking; its face is ${faces.map((face) => face.replace("\\", "")).join(", ")}.`,
    ),
  );
}

module.exports = {
  forbidden: [
    forbid("no-cycles", {}, { circular: true }, "Two files in a cycle are one file; a type that goes round is one too."),
    forbid("nothing-unresolvable", {}, { couldNotResolve: true }, "Else every rule that names a package passes when it is not installed."),
    forbid(
      "subgraphs-are-islands",
      { path: "^subgraphs/([^/]+)/" },
      { path: "^subgraphs/", pathNot: "^subgraphs/$1/" },
      "Subgraphs reach each other through the graph, an event or a generated client; else nine services are one.",
    ),
    forbid(
      "shared-knows-nobody",
      { path: "^shared/" },
      { path: "^(subgraphs|router|cli|tests|bench)/" },
      "What knows a subgraph belongs to it.",
    ),
    forbid(
      "router-sees-no-domain",
      { path: "^router/(?!access/)" },
      { path: ["^subgraphs/", ...orm] },
      "The door knows no noun behind it, so that nouns change without it; its own two live in router/access.",
    ),
    forbid(
      "access-is-an-island",
      { path: "^router/access/" },
      { path: "^(subgraphs/|router/(?!access/))", dependencyTypesNot: ["type-only"] },
      "The router's own subgraph is a subgraph like the others.",
    ),
    forbid(
      "strangers-texts-by-few",
      {
        path: "^(subgraphs|router|cli)/",
        pathNot: [
          "^subgraphs/runtime/nodes/(agent/agent|answer|assigner|composite/(iteration|loop|sub-workflow)|if-else|list|people/(callback|delay|human-input)|switch|template-transform|variable-aggregator)\\.node\\.ts$",
          "^subgraphs/runtime/nodes/(people/approval|handed-on|retrieval/retrieve|skill/skill-given|evaluation/(concurrency-key|evaluation|evaluation-jobs|retry-when))\\.ts$",
          "^subgraphs/runtime/graph/node-runs/node-input\\.ts$",
          // One expression of a binding, which is read and not evaluated.
          "^subgraphs/tool/call-config\\.ts$",
          "^subgraphs/workflow/validation(-job)?\\.ts$",
          // Expectations of a file, on the machine of whoever wrote it.
          "^cli/client/trials/expectation\\.ts$",
        ],
      },
      {
        path: "^shared/(template/(template|render-deep)|expression/expression|dsl/(render-config|validate))\\.ts$",
        dependencyTypesNot: ["type-only"],
      },
      "What strangers wrote is evaluated in threads, or here where dsl/small.ts says that it is small: whoever evaluates asks, so they are few and named.",
    ),
    forbid(
      "inputs-rendered-by-their-loader",
      { path: "^subgraphs/", pathNot: "^subgraphs/runtime/graph/node-runs/node-input\\.loaders\\.ts$" },
      { path: "^subgraphs/runtime/graph/node-runs/node-input\\.ts$", dependencyTypesNot: ["type-only"] },
      "NodeRun.input is rendered on read: the loader leaves what is not small to a thread, and is the only way to it.",
    ),
    forbid("cli-composes", { pathNot: "^(cli|tests|bench)/" }, { path: "^cli/" }, "Commands start the platform; nothing in it knows them."),
    forbid(
      "one-composition-root",
      { path: "^cli/", pathNot: "^cli/compose/(platform|worker-part|dead-worker|prepare|subgraphs|keys|rewrap|verify-audits)\\.ts$" },
      { path: "^(subgraphs|router)/" },
      "One place shows what runs in a process.",
    ),
    forbid(
      "resolver-is-transport",
      { path: "\\.resolver\\.ts$" },
      { path: [...orm, "\\.sql\\.ts$", "^subgraphs/runtime/(control|worker|owner)/"], dependencyTypesNot: ["type-only"] },
      "Arguments in, one service call, result out: else a rule that another door needs is hidden here.",
    ),
    forbid(
      "service-has-no-transport",
      { path: "\\.(service|sql)\\.ts$" },
      { path: ["\\.resolver\\.ts$", ...graphql] },
      "Use cases outlive the protocol they are called by.",
    ),
    forbid(
      "service-takes-inputs-as-types",
      { path: "\\.(service|sql)\\.ts$" },
      { path: "\\.inputs\\.ts$", dependencyTypesNot: ["type-only"] },
      "An input's class is transport; its shape is not.",
    ),
    forbid(
      "entity-is-a-leaf",
      { path: "\\.entity\\.ts$" },
      { path: "\\.(resolver|service|sql|inputs|loaders|client|context)\\.ts$" },
      "Entities point to their parents only, so nothing loads by surprise.",
    ),
    forbid(
      "engine-is-pure",
      { path: "^(subgraphs/runtime/engine|shared/(dsl|template|expression))/" },
      {
        path: [
          ...orm,
          ...graphql,
          ...sideEffects,
          "^subgraphs/runtime/(?!engine/)",
          "^shared/(?!dsl/|template/|expression/|errors\\.ts|json\\.ts|json/numbers\\.ts)",
        ],
      },
      "Replay decides the same as the run that never stopped only while nothing here can look outside.",
    ),
    forbid(
      "nodes-see-ports-only",
      { path: "^subgraphs/runtime/nodes/" },
      { path: [...orm, ...graphql, "^subgraphs/runtime/queue/", "\\.(entity|service|sql|resolver)\\.ts$"] },
      "A node that reaches the database owns its run behind the owner's back.",
    ),
    ...runtimeFloorRules(),
    ...sharedMachineRules(),
    forbid(
      "client-is-for-few",
      { path: "^(subgraphs|shared|router)/", pathNot: "^subgraphs/runtime/plan/|\\.client\\.ts$" },
      { path: "^codegen/" },
      "Inside, commands go through <foreign>.client.ts; the public client is for those outside.",
    ),
    forbid(
      "tests-never-ship",
      { pathNot: "^(tests|bench)/" },
      { path: "^(tests|bench)/" },
      "What ships does not depend on what checks it.",
    ),
    forbid(
      "dev-packages-never-ship",
      // GraphiQL's page is bundled from packages that are brought for that alone (router/graphiql/packages.mjs).
      { path: "^(subgraphs|shared|router|cli)/", pathNot: "^router/graphiql/page\\.js$" },
      { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
      "It would be missing where only production packages are installed.",
    ),
    forbid(
      "declared-packages-only",
      { pathNot: "^tests/" },
      { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
      "A package that only another one brings may go any day.",
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      mainFields: ["module", "main", "types", "typings"],
    },
  },
};

/** The limits of one operation, and how it is told of one that it exceeds. Each is counted before anything is asked of a subgraph. */
import { GraphQLError, type ASTNode } from "graphql";
import { defineErrors } from "#shared/errors.ts";
import { linesIn } from "#shared/json/nesting.ts";

export interface OperationLimits {
  maxTokens: number;
  /** Of each name. Planned, printed and answered one of 4 MB took 0.5 s; so did thousands of 1,000 letters, as keys of JSON. */
  maxNameLetters: number;
  /** Errors that are told of one document. */
  maxErrors: number;
  maxDepth: number;
  maxAliases: number;
  /** Of an operation that asks for the schema, whose parts are many and each refer to each other. */
  maxIntrospectionAliases: number;
  /** Fragments that a document defines: what validates and plans them takes the square of their number. */
  maxFragments: number;
  /** Fragments within fragments: planning takes more than the square of it. */
  maxFragmentDepth: number;
  /** Fields, with those of fragments counted at each spread. */
  maxFields: number;
  /** Fields of an operation as they are planned: those of one name in one place are one. A thousand take 30 to 50 ms of the main loop, by how many lead to another subgraph. */
  maxDifferentFields: number;
  /** Fields that have fields beneath them: the planner asks of each which subgraph has it, about a millisecond where it is another one. */
  maxBranches: number;
  /** Pairs of fields that validation compares: those of one name in one place, and those of fragments with each other. */
  maxComparisons: number;
  /** Points of the root fields, see root-points.ts. */
  maxPoints: number;
  /** Objects that the answer may have, pages multiplied with the pages beneath them. */
  maxNodes: number;
  /** Fields of all of these objects together. */
  maxValues: number;
  /** The same of what is asked of the schema, of which 100,000 take up to 15 ms of the main loop; GraphiQL's question is about three quarters of it. */
  maxSchemaValues: number;
}

/** Wide enough for GraphiQL's introspection and for any console; narrow enough to plan in a fraction of a second. */
export const defaultLimits: OperationLimits = {
  maxTokens: 15_000,
  maxNameLetters: 255,
  maxErrors: 100,
  maxDepth: 30,
  maxAliases: 200,
  maxIntrospectionAliases: 20,
  maxFragments: 200,
  maxFragmentDepth: 50,
  maxFields: 5_000,
  maxDifferentFields: 1_200,
  maxBranches: 250,
  maxComparisons: 100_000,
  maxPoints: 200,
  maxNodes: 10_000,
  maxValues: 100_000,
  maxSchemaValues: 600_000,
};

/** There is too much of these, and what to do about each. */
const advice = {
  levels: "",
  "levels of fragments": "",
  aliases: "",
  "letters of a name": " Give it a shorter one.",
  fields: "",
  "different fields": " Ask in several operations.",
  fragments: "",
  branches: " Those are fields with fields beneath them. Ask in several operations.",
  comparisons: " Those are pairs of fields that may be the same one. Write each field once, and fewer fragments.",
  points: " Each root field has some, see docs/operations.md. Ask in several operations.",
  nodes: " Ask for smaller pages (first, last) there or around it, or for fewer lists within lists.",
  "values beside variables":
    " Those are texts, lists and objects that lie within lists or objects beside variables. Give each of the outer ones as one variable.",
  values: " Ask for smaller pages (first, last) there or around it, or for fewer fields.",
  "values of the schema": " Ask for the schema's parts in several operations.",
};

const limitErrors = defineErrors({
  OPERATION_LIMIT_EXCEEDED: {
    code: "BAD_USER_INPUT",
    message: ({ of, found, limit, path }: Excess) => {
      const told =
        path === undefined ? `The operation has ${found} ${of}` : `The operation may return ${found} ${of}, most of them at ${path}`;
      return `${told}; ${limit} are allowed.${advice[of]}`;
    },
  },
});

/** Too much of something. */
export type Excess = {
  of: keyof typeof advice;
  found: number;
  limit: number;
  /** The response's field that has the most of it. */
  path?: string;
};

/** OPERATION_LIMIT_EXCEEDED, as validation tells it. */
export function tooMuch(excess: Excess, node?: ASTNode): GraphQLError {
  const made = limitErrors.OPERATION_LIMIT_EXCEEDED(excess);
  return new GraphQLError(made.message, { nodes: node, originalError: made });
}

/** What graphql-js says of a document that has too many tokens, with the limit and the next step; any other error as it is. */
export function tokensTold(error: GraphQLError, { maxTokens }: Pick<OperationLimits, "maxTokens">): GraphQLError {
  if (!/^Syntax Error: Document contains more tha[nt] \d+ tokens/.test(error.message)) return error;
  const message = `The document has more than ${maxTokens} tokens: names, values and marks. Ask in several operations, and give values as variables.`;
  const { nodes, source, positions, extensions } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions });
}

/** So many lines are gone through at most to find where the errors of a document lie: for each of them from its beginning. */
const linesGoneThrough = 50_000;

/** How many errors are told of the document that a node is of: all that may be, and fewer where it has more than 500 lines. */
export function errorsTold({ loc }: ASTNode, most: number): number {
  const lines = linesIn(loc?.source.body ?? "");
  return Math.max(1, Math.min(most, Math.floor(linesGoneThrough / lines)));
}

/** Says that a document has more errors than are told of it. */
export function moreErrors(maxErrors: number): GraphQLError {
  return new GraphQLError(`The document has more than ${maxErrors} errors, of which these are the first. Correct them, and send it again.`);
}

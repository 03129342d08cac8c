import { hardQuestions, questions, recallOf } from "../../bench/memory/questions.ts";
import { memorySubgraph } from "../../subgraphs/memory/subgraph.ts";
import { openTestSubgraph } from "../testkit/subgraph.ts";

describe("the search by words", () => {
  it("finds what is asked for among the first five, in English and in Chinese (npm run bench -- memory prints it)", async () => {
    const t = await openTestSubgraph(memorySubgraph);
    const create = "mutation ($input: CreateMemoryInput!) { createMemory(input: $input) { id } }";
    for (const [contentText] of [...questions, ...hardQuestions]) await t.ask(create, { input: { scopeType: "TENANT", contentText } });
    const search = "query ($input: SearchMemoriesInput!) { searchMemories(input: $input) { memory { contentText } } }";
    const found = async (query: string, limit: number) => {
      const asked = { input: { query, limit, mode: "TEXT" } };
      const { searchMemories } = await t.ask<{ searchMemories: { memory: { contentText: string } }[] }>(search, asked);
      return searchMemories.map(({ memory }) => memory.contentText);
    };
    expect([questions.length >= 60, hardQuestions.length >= 25]).toEqual([true, true]);
    const { recall, missed } = await recallOf(questions, found);
    expect([recall >= 0.95, missed]).toMatchObject([true, expect.any(Array)]);
    const harder = await recallOf(hardQuestions, found);
    // What it does not find, it does not: other words, other spellings of a number.
    expect([harder.recall >= 0.89, harder.missed]).toMatchObject([true, expect.any(Array)]);
  });
});

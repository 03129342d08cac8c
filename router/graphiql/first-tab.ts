/**
 * What GraphiQL shows who opens it for the first time: from an app to a run and its events, operation by operation.
 * Ids stand in the text: of GraphiQL's tabs only the text is there from the start. Lines fit half a window of 1280 pixels.
 */
export const firstTab = `# The whole platform is this one graph.
# Ctrl-Enter runs the operation under the cursor.
# Headers (below) take {"x-tenant-id": "acme"};
# without it the tenant is "public". Where it asks
# for an API key, they take {"x-api-key": "agp_…"};
# then fetch the schema again (Ctrl-Shift-R).

query Services {
  services { name status latencyMs message }
}

# From an app to a run: each operation answers
# an id; put it in place of the capitals.

mutation CreateApp {
  createApp(
    input: { code: "hello", name: "Hello" }
  ) { id }
}

mutation CreateWorkflow {
  createWorkflow(
    input: {
      appId: "APP", code: "greet", name: "Greet"
    }
  ) { id }
}

mutation Publish {
  createWorkflowVersion(
    input: {
      workflowId: "WORKFLOW"
      status: PUBLISHED
      dsl: {
        nodes: [{
          id: "greet"
          type: "answer"
          config: { answer: "Hi {{ input.name }}!" }
        }]
        edges: []
      }
    }
  ) { version }
}

mutation Run {
  createRun(
    input: {
      workflowId: "WORKFLOW", input: { name: "Ada" }
    }
  ) { id }
}

# Live while it runs; once more all of it afterwards.
subscription Watch {
  runEvents(runId: "RUN") {
    type nodeId nodeStatus runStatus delta
    run {
      outputText
      workflow { name app { name } }
    }
  }
}
`;

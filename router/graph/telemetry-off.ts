/** Imported before anything of @apollo/gateway: it would send metrics to its maker and probe cloud metadata services. */
process.env["APOLLO_TELEMETRY_DISABLED"] = "true";

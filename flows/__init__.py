"""docpipe on a schedule: Prefect flows, each a few decorators around calls of the library."""

"""What `make` runs beside the programs: environment, lock files, generated documents, the report of sizes."""

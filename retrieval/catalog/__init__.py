"""Assets, chunks, vectors and jobs in SQL: the truth of the library."""

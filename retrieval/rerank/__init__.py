"""The second look at what a search found first, by models too slow for a whole library."""

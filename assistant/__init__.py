"""A question and a history in, a typed event stream out."""

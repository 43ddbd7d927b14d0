"""The page "Try it": its networks, trained by the build from the book's own code, and what runs them in a browser."""

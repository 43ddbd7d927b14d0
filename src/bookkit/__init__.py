"""The maintainer's tools of the book: run, check, publish. A reader of a chapter needs none of them."""

"""Programs for maintainers: build notebooks, measure speed."""

"""What the pages and the API show, read from our tables; a module for each page."""

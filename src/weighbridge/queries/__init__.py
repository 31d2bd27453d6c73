"""The data that pages and API show, read from our tables; a module for each page."""

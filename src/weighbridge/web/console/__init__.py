"""The console: the web pages for the people who are responsible for stock, money and orders."""

"""The console: pages and a JSON API for the people who answer for stock, money and orders."""

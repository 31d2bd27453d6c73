"""Values that every area uses: money, units, countries."""

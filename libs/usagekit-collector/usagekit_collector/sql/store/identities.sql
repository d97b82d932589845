-- How many rows the map has, of whatever version.
SELECT count() FROM identity

-- The projects all of whose tokens were revoked.
SELECT project FROM projects FINAL GROUP BY project HAVING max(name) = ''

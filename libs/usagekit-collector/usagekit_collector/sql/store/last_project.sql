-- The greatest number that a project ever had.
SELECT max(project) FROM projects
